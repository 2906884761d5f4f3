"""Ctrl-C at any moment of a start ends it quietly, also while it is still being loaded."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.testing.running import installation

LOADED = (
    "difflib",
    "cyclopts",
    "rich.console",
    "pydantic",
    "aiohttp",
    "sqlalchemy",
)
"""Modules in the order in which a start loads them: some of each of its phases."""


@pytest.fixture
def folder() -> Iterator[Path]:
    with installation() as running:
        yield running.folder


@pytest.mark.parametrize("module", LOADED)
def test_an_interrupt_while_it_is_being_loaded_ends_it_without_a_word(
    module: str, folder: Path
) -> None:
    """Python says which module it has just loaded; the interrupt comes right then."""
    up = ["responder", "up", "--port", "0", "--data-dir", str(folder / "data")]
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-X", "importtime", "-m", *up],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            if line.rpartition("|")[2].strip() == module:
                break
        process.send_signal(signal.SIGINT)
        rest = [line for line in process.stderr if not line.startswith("import time:")]
        said = process.stdout.read()
    assert (rest, said, process.returncode) == ([], "", 130)
