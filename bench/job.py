"""What a subject is told, in a file of `name=value` lines, which Java reads as properties."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Consume the topics one after the other, the first to warm up.

    Each lasts until a line comes in on standard input: then the subject closes its consumer, and
    after the last topic it writes its trace (see `bench.trace`) and ends.

    Args:
        topics: with commas; `groups` are as many.
        partitions: how many the topics have; `records`, how many the fuller one has.
        at_once: how many handlers may run side by side.
        batch: how many records a handler takes; 1 for one at a time.
        is_waiting: `yes` where a handler waits as long as its record says; else it does nothing.
        loop: `asyncio`, or `precise` for an event loop whose timers are not cut to milliseconds.
        trace: the file to write.
    """

    bootstrap_servers: str
    topics: str
    groups: str
    partitions: str
    records: str
    at_once: str
    batch: str = "1"
    is_waiting: str = "no"
    loop: str = "asyncio"
    trace: str

    @property
    def phases(self) -> Sequence[tuple[str, str]]:
        """Topic and group of each."""
        return list(zip(self.topics.split(","), self.groups.split(","), strict=True))

    @classmethod
    def read(cls, path: Path) -> Self:
        said = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
        values = {name: value for name, _, value in said}
        return cls(**{each.name: values[each.name] for each in fields(cls)})

    def write(self, path: Path) -> None:
        lines = (f"{name}={value}\n" for name, value in asdict(self).items())
        path.write_text("".join(lines), encoding="utf-8")
