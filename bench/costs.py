"""What processes have used of the machine, as Linux counts it."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_USER, _SYSTEM, _DEAD_USER, _DEAD_SYSTEM = 11, 12, 13, 14
"""Of `/proc/PID/stat` behind the name; the latter two are of children that have ended."""

GONE = (FileNotFoundError, ProcessLookupError)
"""What reading about a process raises that has just ended."""


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU seconds by name."""

    used: Mapping[str, float]

    def since(self, earlier: "Costs") -> "Costs":
        return Costs({name: each - earlier.used[name] for name, each in self.used.items()})

    def per(self, count: int) -> dict[str, float]:
        """Milliseconds each."""
        return {name: each * 1000 / count for name, each in self.used.items()}


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these and of their children that have ended.

    One that ends meanwhile is then among its parent's children.
    """
    ticks = 0
    for pid in pids:
        with suppress(*GONE):
            fields = _fields(pid)
            ticks += sum(int(fields[n]) for n in (_USER, _SYSTEM, _DEAD_USER, _DEAD_SYSTEM))
    return ticks / _TICKS


def resident_bytes(pid: int) -> int:
    return _pages(pid)[1] * _PAGE


def own_bytes(pid: int) -> int:
    """Resident without what it shares with others, such as PostgreSQL's buffers."""
    _, resident, shared, *_ = _pages(pid)
    return (resident - shared) * _PAGE


def _pages(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()]


def _fields(pid: int) -> list[str]:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()
