"""What every process of an installation holds, second by second."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bench.costs import GONE, own_bytes, resident_bytes
from bench.installation import Installation

SECONDS = 1.0
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes by name, one a second; a process that starts later has fewer, which are the last."""

    roles: Mapping[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    servers: Mapping[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def growth(self) -> dict[str, float]:
        """Of each role the most that it holds in the last third of the time, to that in the first."""
        return {name: growth(held) for name, held in self.roles.items()}

    def note(self, made: Installation) -> None:
        for name, role in made.roles.items():
            self.roles[name].append(resident_bytes(role.pid) / MEGABYTE)
        self.servers["kafka"].append(sum(map(resident_bytes, made.broker.pids)) / MEGABYTE)
        # Every process of PostgreSQL maps the same buffers: they would count many times.
        self.servers["postgresql"].append(_own(made.database.pids) / MEGABYTE)


def growth(held: Sequence[float]) -> float:
    third = max(1, len(held) // 3)
    return max(held[-third:]) / max(held[:third])


@asynccontextmanager
async def watched(made: Installation) -> AsyncIterator[Memory]:
    """Look every second, as long as the context lasts."""
    memory = Memory()

    async def look() -> None:
        while True:
            memory.note(made)
            await asyncio.sleep(SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield memory
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


def _own(pids: Iterable[int]) -> int:
    total = 0
    for pid in pids:
        with suppress(*GONE):
            total += own_bytes(pid)
    return total
