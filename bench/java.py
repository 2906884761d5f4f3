"""The peer in Java: its jars from Maven, its one file compiled, both kept in the user's cache."""

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.brokers import cache
from responder.testing.kafka import KafkaUnavailable, fetch_jars

FOLDER = Path(__file__).parent / "subjects" / "parallel_consumer"
SOURCE = FOLDER / "ParallelConsumer.java"


def parallel_consumer() -> Sequence[str]:
    """The command that runs it, but for the job.

    Raises:
        KafkaUnavailable: no Java development kit, or no Maven; says which.
    """
    if shutil.which("javac") is None:
        raise KafkaUnavailable("there is no `javac` (17 or newer)")
    jars = fetch_jars(FOLDER / "pom.xml", cache())
    classes = _compiled(jars)
    return ("java", "-cp", f"{jars}/*:{classes}", SOURCE.stem)


def _compiled(jars: Path) -> Path:
    known = hashlib.sha256(SOURCE.read_bytes() + jars.name.encode()).hexdigest()[:16]
    classes = cache() / f"parallel-consumer-{known}"
    if not classes.is_dir():
        command = ("javac", "-cp", f"{jars}/*", "-d", str(classes), str(SOURCE))
        subprocess.run(command, check=True)  # noqa: S603 - our own words
    return classes
