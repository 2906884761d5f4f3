"""What is asked of others than PostgreSQL, shown to a gate: log, platform, model."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TypeVar

from responder.delivery.ports import (
    AttemptOutcome,
    Capabilities,
    Posted,
    Posting,
    Preflight,
    ReadBack,
    ReplyPlatform,
)
from responder.drafting.ports import DraftRequest, DraftWriter, Proposal
from responder.stream.log import (
    Assignment,
    LogWriter,
    NewRecord,
    Partition,
    Position,
    RebalanceListener,
    Record,
    Unknown,
    Unreachable,
)
from responder.testing.failpoints.gate import AnswerLost, Call, Gate
from responder.testing.failpoints.points import Dead
from responder.testing.log import MemoryLog

T = TypeVar("T")

APPEND = Call("log", "append", has_effect=True)
COMMIT = Call("log", "commit of offsets", has_effect=True)
POST = Call("platform", "reply", has_effect=True)
PREFLIGHT = Call("platform", "preflight", has_effect=False)
READ_BACK = Call("platform", "read back", has_effect=False)
WRITE = Call("model", "write", has_effect=False)


async def _through(gate: Gate, call: Call, make: Callable[[], Awaitable[T]]) -> T:
    await gate.before(call)
    answer = await make()
    if call.has_effect:
        await gate.after(call)
    return answer


class GatedLogWriter:
    """A `LogWriter`."""

    def __init__(self, writer: LogWriter, gate: Gate) -> None:
        self._writer = writer
        self._gate = gate

    async def append(self, records: Sequence[NewRecord]) -> list[Position]:
        try:
            return await _through(self._gate, APPEND, lambda: self._writer.append(records))
        except AnswerLost:
            raise Unknown("no answer in time") from None
        except Dead:
            raise Unreachable("nobody hears it") from None

    async def stop(self) -> None:
        await self._writer.stop()


class GatedLog:
    """A `Log` in memory. Of a process that has died its session is over at once."""

    def __init__(self, log: MemoryLog, gate: Gate) -> None:
        self.has_committed = asyncio.Event()
        self._log = log
        self._gate = gate
        self._is_dead = False

    async def start(self, topics: Collection[str], group: str, listener: RebalanceListener) -> None:
        await self._log.start(topics, group, listener)

    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        if self._is_dead:
            return {}
        return await self._log.poll(room, wait)

    async def commit(self, points: Mapping[Assignment, int]) -> None:
        try:
            await _through(self._gate, COMMIT, lambda: self._log.commit(points))
        except AnswerLost:
            raise Unknown("no answer in time") from None
        except Dead:
            raise Unknown("nobody hears it") from None
        finally:
            self.has_committed.set()

    async def committed(self, partition: Partition) -> int | None:
        return await self._log.committed(partition)

    async def end(self, partition: Partition) -> int:
        return await self._log.end(partition)

    async def keepalive(self) -> None:
        await self._log.keepalive()

    def wake(self) -> None:
        self._log.wake()

    async def stop(self) -> None:
        if not self._is_dead:
            await self._log.stop()

    async def die(self) -> None:
        """Its process has ended, and the group has noticed."""
        self._is_dead = True
        await self._log.kill()
        self._log.evict()


class GatedPlatform:
    """A `ReplyPlatform`, which tells doubt as a result."""

    def __init__(self, platform: ReplyPlatform, gate: Gate) -> None:
        self._platform = platform
        self._gate = gate

    @property
    def capabilities(self) -> Capabilities:
        return self._platform.capabilities

    async def preflight(self, posting: Posting) -> Preflight:
        return await _through(self._gate, PREFLIGHT, lambda: self._platform.preflight(posting))

    async def reply(self, posting: Posting) -> Posted:
        try:
            return await _through(self._gate, POST, lambda: self._platform.reply(posting))
        except AnswerLost:
            return Posted(outcome=AttemptOutcome.UNKNOWN, detail="no answer in time")

    async def read_back(self, posting: Posting) -> ReadBack | None:
        return await _through(self._gate, READ_BACK, lambda: self._platform.read_back(posting))


class GatedDraftWriter:
    """A `DraftWriter`."""

    def __init__(self, writer: DraftWriter, gate: Gate) -> None:
        self._writer = writer
        self._gate = gate

    async def write(self, request: DraftRequest) -> Proposal:
        return await _through(self._gate, WRITE, lambda: self._writer.write(request))
