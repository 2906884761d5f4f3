"""A simulated process, and the ways on which it reaches what outlives it.

A process does nothing to the world except through `Host.step`: every call of the ledger, the log, a
platform or the model passes it, on the way there and on the way back. There a seed lets it wait, stop
for a while, or die: whatever it held in memory is gone, and nothing that it still tries has an effect.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Protocol, TypeVar
from uuid import UUID

from responder.engagement.errors import Unavailable
from responder.engagement.ports import Clock
from responder.stream.log import (
    Assignment,
    NewRecord,
    Partition,
    Position,
    RebalanceListener,
    Record,
    Unknown,
    Unreachable,
)
from responder.testing.log import MemoryLog, MemoryWriter

T = TypeVar("T")
COARSE_SECONDS = 1.0
"""No sleep of the runtime is shorter: its sweeps would be most of what a run does."""


class ConnectionLost(Exception):
    """Whoever was asked is not there, or the answer got lost."""


class Trace:
    """Everything that happened, as one number: two runs with the same are the same run."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)
        self.steps = 0

    def note(self, at: float, who: str, what: str) -> None:
        self.steps += 1
        self._digest.update(f"{at:.6f} {who} {what}\n".encode())

    def hash(self) -> str:
        return self._digest.hexdigest()


@dataclass
class Weather:
    """What is wrong with the world just now; all False once a run comes to rest."""

    is_rough: bool = True
    """Messages get lost, and answers too."""
    is_ledger_away: bool = False
    is_site_away: bool = False


class SeededIds:
    """`Ids` that a seed repeats; ascending, as the real ones are."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._count = 0

    def uuid(self) -> UUID:
        self._count += 1
        return UUID(int=self._count << 64 | self._chance.getrandbits(62))

    def secret(self, size: int = 32) -> bytes:
        return self._chance.randbytes(size)


class Surroundings(Protocol):
    """What a process stands in."""

    @property
    def clock(self) -> Clock: ...

    @property
    def chance(self) -> Random: ...

    @property
    def weather(self) -> Weather: ...

    @property
    def trace(self) -> Trace: ...


class Host:
    """One process: its memory is what its tasks hold."""

    def __init__(self, name: str, world: Surroundings) -> None:
        self.name = name
        self.world = world
        self.is_alive = True
        self.has_ended = asyncio.Event()
        self.dies_after: int | None = None
        """So many steps from now on; None: it does not."""
        self.freezes_at: tuple[str, float] | None = None
        """Where it stops the next time it comes there, and for how many seconds."""
        self.logs: list[MemoryLog] = []
        self.when_ended: list[Callable[[], None]] = []
        """What others notice of its end: sessions that close."""
        self._tasks: list[asyncio.Task[Any]] = []
        self._runs = asyncio.Event()
        self._runs.set()

    async def step(self, what: str) -> None:
        """Speak with the world, or hear from it."""
        self._is_there()
        self.world.trace.note(self.world.clock.monotonic(), self.name, what)
        if self.freezes_at is not None and self.freezes_at[0] in {"", what}:
            seconds, self.freezes_at = self.freezes_at[1], None
            self.freeze(seconds)
        await asyncio.sleep(self._delay())
        await self.runs()
        self._is_there()
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                self.die()
                raise asyncio.CancelledError

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Do this until it ends, or the process does."""
        self._tasks.append(asyncio.create_task(work))

    async def serve(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do this for somebody outside. Raises ConnectionLost if the process ends meanwhile."""
        if not self.is_alive:
            raise ConnectionLost

        async def served() -> T:
            return await work()

        task = asyncio.create_task(served())
        self._tasks.append(task)
        await asyncio.wait([task])
        if task.cancelled():
            raise ConnectionLost
        return task.result()

    def die(self) -> None:
        """Now, without a word to anybody."""
        if not self.is_alive:
            return
        self.is_alive = False
        self._runs.set()
        for task in self._tasks:
            task.cancel()
        for ended in self.when_ended:
            ended()
        self.has_ended.set()

    async def runs(self) -> None:
        """Wait while it is stopped."""
        await self._runs.wait()

    def freeze(self, seconds: float) -> None:
        """As by SIGSTOP: it holds all it has, and does nothing."""
        self._runs.clear()
        for log in self.logs:
            log.freeze()
        asyncio.get_running_loop().call_later(seconds, self.thaw)

    def thaw(self) -> None:
        self._runs.set()
        for log in self.logs:
            log.thaw()

    async def buried(self) -> None:
        """Every task of a process that died has ended."""
        for log in self.logs:
            await log.kill()
        pending = [task for task in self._tasks if not task.done()]
        if pending:
            await asyncio.wait(pending)

    def _delay(self) -> float:
        chance = self.world.chance
        return chance.choice((0.0, 0.0, 0.0, 0.001, 0.02, chance.random() * 0.5))

    def _is_there(self) -> None:
        if not self.is_alive:
            raise asyncio.CancelledError


class CoarseClock:
    """The runtime's clock: it looks round less often than in earnest, and stops with its process."""

    def __init__(self, host: Host) -> None:
        clock = host.world.clock
        self._host = host
        self._sleep = clock.sleep
        self.now = clock.now
        self.monotonic = clock.monotonic

    async def sleep(self, seconds: float) -> None:
        await self._sleep(max(seconds, COARSE_SECONDS))
        await self._host.runs()


class LedgerWire:
    """The way to the ledger: it may be away, and a commit's answer may get lost."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def statement(self) -> None:
        await self._host.step("sql")
        self._may_fail(0.004)

    async def commit(self, apply: Callable[[], None]) -> None:
        await self._host.step("commit")
        self._may_fail(0.01)
        apply()
        await self._host.step("committed")
        self._may_fail(0.01)

    def _may_fail(self, share: float) -> None:
        world = self._host.world
        is_lost = world.weather.is_rough and world.chance.random() < share
        if world.weather.is_ledger_away or is_lost:
            raise Unavailable(what="the database", why="drawn so", counts_as_attempt=False)


class HostLog:
    """A consumer of the log, as a process that may die has it."""

    def __init__(
        self,
        host: Host,
        log: MemoryLog,
        watch: Callable[[str, Mapping[Assignment, int]], None],
    ) -> None:
        """`watch` is told of every commit before it is made."""
        self._host = host
        self._log = log
        self._watch = watch
        self._group = ""

    async def start(self, topics: Collection[str], group: str, listener: RebalanceListener) -> None:
        await self._host.step(f"join {group}")
        self._group = group
        await self._log.start(topics, group, listener)
        self._host.logs.append(self._log)

    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        found = await self._log.poll(room, wait)
        if found:
            await self._host.step(f"poll {self._group}")
        return found

    async def commit(self, points: Mapping[Assignment, int]) -> None:
        await self._host.step(f"offsets {self._group}")
        self._watch(self._group, points)
        await self._log.commit(points)
        await self._host.step(f"offsets there {self._group}")

    async def committed(self, partition: Partition) -> int | None:
        return await self._log.committed(partition)

    async def end(self, partition: Partition) -> int:
        return await self._log.end(partition)

    async def keepalive(self) -> None:
        await self._log.keepalive()

    def wake(self) -> None:
        self._log.wake()

    async def stop(self) -> None:
        if not self._host.is_alive:
            return
        await self._log.stop()
        if self._log in self._host.logs:
            self._host.logs.remove(self._log)


class HostWriter:
    """Appends; the request may get lost, and so may the answer."""

    def __init__(self, host: Host, writer: MemoryWriter) -> None:
        self._host = host
        self._writer = writer

    async def append(self, records: Sequence[NewRecord]) -> list[Position]:
        await self._host.step("append")
        self._may_get_lost(0.02, Unreachable)
        made = await self._writer.append(records)
        await self._host.step("appended")
        self._may_get_lost(0.03, Unknown)
        return made

    async def stop(self) -> None:
        """Nothing is held."""

    def _may_get_lost(self, share: float, error: type[Exception]) -> None:
        world = self._host.world
        if world.weather.is_rough and world.chance.random() < share:
            raise error("drawn so")


@dataclass
class RecurringWork:
    """Done again and again, at once when woken; a bug in it is kept to be shown."""

    host: Host
    work: Callable[[], Awaitable[object]]
    seconds: float
    surprised: Callable[[BaseException], None]
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self.woken.set()

    async def run(self) -> None:
        while True:
            self.woken.clear()
            if not await self._has_more():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.seconds):
                        await self.woken.wait()

    async def _has_more(self) -> bool:
        try:
            return bool(await self.work())
        except Exception as error:  # noqa: BLE001 - told, and tried again, as in earnest
            self.surprised(error)
            return False


def signed(secret: bytes, push_id: str, now: datetime, body: bytes) -> tuple[tuple[str, str], ...]:
    """The headers of a push, by Standard Webhooks."""
    at = str(int(now.timestamp()))
    content = b".".join([push_id.encode(), at.encode(), body])
    signature = base64.b64encode(hmac.digest(secret, content, "sha256")).decode()
    return (
        ("content-type", "application/json"),
        ("webhook-id", push_id),
        ("webhook-timestamp", at),
        ("webhook-signature", f"v1,{signature}"),
    )
