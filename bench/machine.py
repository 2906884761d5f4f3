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


def conditions() -> Mapping[str, Any]:
    """For the `how` of a row: date, cores, load before the row, and what everybody runs on."""
    return {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),  # noqa: TID251 - a date for people
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "load": " ".join(f"{each:.2f}" for each in os.getloadavg()),
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


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
