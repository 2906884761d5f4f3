"""What a figure was measured on."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def conditions() -> Mapping[str, Any]:
    """For the `how` of a row: commit, date, cores, load, and what everybody runs on.

    To be asked before the runs: afterwards the load is their own.
    """
    return {
        "commit": _commit(),
        "measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),  # noqa: TID251 - a date for people
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "load before": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "event loop": "asyncio",
        "timers": "as the loop cuts them, to 1 ms",
    }


def versions(*packages: str) -> Mapping[str, str]:
    return {package: version(package) for package in packages}


def java_version() -> str:
    java = shutil.which("java")
    if java is None:
        return "none"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603 - our own words
    return said.partition("\n")[0]


def _commit() -> str:
    """Of what is measured; and whether somebody has changed that since."""
    head = _git("rev-parse", "--short", "HEAD")
    written = (f":!bench/{name}" for name in ("README.md", "results.json"))
    changed = _git("status", "--porcelain", "--", "responder", "bench", *written)
    return f"{head or 'unknown'}{' with changes' if changed else ''}"


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    command = (git, "-C", str(ROOT), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - our own words


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
