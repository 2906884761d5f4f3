"""A small log in memory, with groups, rebalances and faults: for unit tests and simulation.

It proves nothing about a real log, but it passes the same contract suite, and it is as awkward as
the real ones where that matters: rebalances are eager (everybody gives up everything), `poll`
waits for a rebalance to end, an evicted member learns of it late, a commit may land although it
was reported as unknown. It needs no real time and holds no socket or thread.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count

from responder.engagement.ports import Clock
from responder.stream.log import (
    Assignment,
    Corrupt,
    Fenced,
    NewRecord,
    Partition,
    Position,
    RebalanceListener,
    Rebalancing,
    Record,
    Rejected,
    TopicClosed,
    Unknown,
    Unreachable,
)
from responder.stream.partitioning import partition_for

MAX_RECORD_BYTES = 1_000_000
SLICE_RECORDS = 100
"""At most so many records of one partition a poll, so that no partition keeps the others waiting."""


class CommitFault(Enum):
    """What may become of a commit, apart from success."""

    LOST = auto()
    """`Unknown`, and it was not stored."""
    LANDED = auto()
    """`Unknown`, and it was stored all the same."""
    REBALANCING = auto()
    FENCED = auto()


@dataclass(kw_only=True)
class Timing:
    """In seconds, as a real log is configured with them."""

    session: float = 10.0
    rebalance: float = 35.0
    poll_limit: float = 60.0
    commit: float = 5.0
    append: float = 5.0
    answer: float = 0.0
    """How long the log takes over a commit."""
    notice: float = 0.5
    """How long an evicted member goes on without knowing."""


class MemoryServer:
    """The log itself: what a broker, or the database, is to the real ones."""

    def __init__(self, clock: Clock, timing: Timing | None = None) -> None:
        self.clock = clock
        self.timing = timing or Timing()
        self.records: dict[Partition, list[Record]] = {}
        self.commit_faults: deque[CommitFault | None] = deque()
        """Taken one by one by the commits to come; None lets one pass."""
        self._groups: dict[str, _Group] = {}
        self._corrupt: set[tuple[Partition, int]] = set()
        self._topics: Counter[str] = Counter()
        self._arrivals: dict[asyncio.Event, None] = {}
        """In the order in which they came: a run must not depend on where objects lie in memory."""
        self._answering = asyncio.Event()
        self._answering.set()
        self._up = True
        self._unkeyed = count()

    @property
    def is_up(self) -> bool:
        return self._up

    def create(self, topic: str, partitions: int) -> None:
        self._topics[topic] = partitions
        self.records |= {Partition(topic, n): [] for n in range(partitions)}

    def consumer(self) -> "MemoryLog":
        return MemoryLog(self)

    def writer(self) -> "MemoryWriter":
        return MemoryWriter(self)

    def down(self) -> None:
        """Refuse every connection; what is stored stays."""
        self._up = False

    def up(self) -> None:
        self._up = True

    def pause(self) -> None:
        """Hang: take what is sent, answer nothing."""
        self._answering.clear()

    def resume(self) -> None:
        self._answering.set()

    def corrupt(self, partition: Partition, offset: int) -> None:
        self._corrupt.add((partition, offset))

    def partitions(self, topics: Collection[str]) -> list[Partition]:
        return [Partition(t, n) for t in sorted(topics) for n in range(self._topics[t])]

    def committed(self, group: str, partition: Partition) -> int | None:
        return self.group(group).committed.get(partition)

    def group(self, name: str) -> "_Group":
        return self._groups.setdefault(name, _Group(self))

    def store(self, new: NewRecord) -> Position:
        partition = self._partition_of(new)
        stored = self.records[partition]
        offset = len(stored)
        now = self.clock.now()
        stored.append(Record(partition, offset, new.key, new.value, new.headers, now))
        for arrival in self._arrivals:
            arrival.set()
        return Position(partition, offset)

    def read(self, partition: Partition, start: int, limit: int) -> list[Record]:
        found = self.records[partition][start : start + limit]
        for n, record in enumerate(found):
            if (partition, record.offset) in self._corrupt:
                if n == 0:
                    raise Corrupt(partition, record.offset, "checksum does not match")
                return found[:n]
        return found

    def watch(self, arrival: asyncio.Event) -> None:
        self._arrivals[arrival] = None

    def unwatch(self, arrival: asyncio.Event) -> None:
        self._arrivals.pop(arrival, None)

    async def answer(self, within: float) -> None:
        """Wait for the log's answer.

        Raises:
            Unknown: it hangs or is away.
        """
        if not self._up:
            raise Unknown("the log is away")
        try:
            async with asyncio.timeout(within):
                await self._answering.wait()
        except TimeoutError:
            raise Unknown("the log does not answer") from None

    def _partition_of(self, new: NewRecord) -> Partition:
        partitions = self._topics[new.topic]
        if new.key is None:
            return Partition(new.topic, next(self._unkeyed) % partitions)
        return Partition(new.topic, partition_for(new.key, partitions))


class MemoryWriter:
    """Appends to a `MemoryServer`."""

    def __init__(self, server: MemoryServer) -> None:
        self._server = server

    async def append(self, records: Sequence[NewRecord]) -> list[Position]:
        for record in records:
            self._check(record)
        if not self._server.is_up:
            raise Unreachable("the log is down")
        await self._server.answer(self._server.timing.append)
        return [self._server.store(record) for record in records]

    async def stop(self) -> None:
        """Nothing is held."""

    def _check(self, record: NewRecord) -> None:
        if len(record.value) > MAX_RECORD_BYTES:
            raise Rejected(f"a value of {len(record.value)} bytes is too large")
        if not self._server.partitions([record.topic]):
            raise TopicClosed(record.topic, "there is none")


@dataclass(eq=False)
class _Group:
    """The coordinator of one group: who is in, and who owns what in this generation."""

    server: MemoryServer
    committed: dict[Partition, int] = field(default_factory=dict)
    _members: "dict[MemoryLog, Collection[str]]" = field(default_factory=dict)
    _waiting: "dict[MemoryLog, asyncio.Future[tuple[Assignment, ...]]]" = field(
        default_factory=dict
    )
    _generation: int = 0
    _deadline: asyncio.TimerHandle | None = None

    def has(self, member: "MemoryLog") -> bool:
        return member in self._members

    def enter(self, member: "MemoryLog", topics: Collection[str]) -> None:
        self._members[member] = topics
        self._begin()

    def leave(self, member: "MemoryLog") -> None:
        if self._members.pop(member, None) is None:
            return
        if waiting := self._waiting.pop(member, None):
            waiting.cancel()
        self._begin()

    def join(self, member: "MemoryLog") -> "asyncio.Future[tuple[Assignment, ...]]":
        """Have nothing to give up any more, and wait for the others."""
        self._waiting[member] = asyncio.get_running_loop().create_future()
        joined = self._waiting[member]
        self._close_if_complete()
        return joined

    def _begin(self) -> None:
        for member in self._late():
            member.notice_rebalance()
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self.server.timing.rebalance, self._expel_the_late)
        self._close_if_complete()

    def _late(self) -> "list[MemoryLog]":
        """Those that have not given up yet what they had."""
        return [member for member in self._members if member not in self._waiting]

    def _expel_the_late(self) -> None:
        for member in self._late():
            del self._members[member]
        self._close_if_complete()

    def _close_if_complete(self) -> None:
        if self._waiting.keys() != self._members.keys():
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._generation += 1
        waiting, self._waiting = self._waiting, {}
        shares = self._shares()
        for member, joined in waiting.items():
            if not joined.done():  # one that was killed has its share until its session ends
                joined.set_result(tuple(shares[member]))

    def _shares(self) -> "dict[MemoryLog, list[Assignment]]":
        shares: dict[MemoryLog, list[Assignment]] = defaultdict(list)
        topics = {t for of_one in self._members.values() for t in of_one}
        members = list(self._members)
        for n, partition in enumerate(self.server.partitions(topics)):
            shares[members[n % len(members)]].append(Assignment(partition, self._generation))
        return shares


class MemoryLog:
    """One consumer of a `MemoryServer`; implements the `Log` port.

    A test may `evict`, `freeze` and `kill` it.
    """

    def __init__(self, server: MemoryServer) -> None:
        self._server = server
        self._arrival = asyncio.Event()
        self._rebalance = asyncio.Event()
        self._stable = asyncio.Event()
        self._running = asyncio.Event()
        self._running.set()
        self._positions: dict[Assignment, int] = {}
        self._callback_error: Exception | None = None
        self._membership: asyncio.Task[None] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._turn = 0

    async def start(self, topics: Collection[str], group: str, listener: RebalanceListener) -> None:
        if not self._server.is_up:
            raise Unreachable("the log is down")
        self._topics = topics
        self._listener = listener
        self._group = self._server.group(group)
        self._server.watch(self._arrival)
        self._beat()
        self._group.enter(self, topics)
        self._membership = asyncio.create_task(self._belong())

    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        await self._running.wait()
        await self._stable.wait()
        self._beat()
        self._raise_what_a_callback_raised()
        if found := self._read(room):
            return found
        await self._wait_for_arrival(wait)
        return self._read(room) if self._stable.is_set() else {}

    async def commit(self, points: Mapping[Assignment, int]) -> None:
        await self._running.wait()
        fault = self._server.commit_faults.popleft() if self._server.commit_faults else None
        if fault is CommitFault.REBALANCING or not self._may_commit():
            raise Rebalancing("not now")
        if self._server.timing.answer:
            await asyncio.sleep(self._server.timing.answer)
        await self._server.answer(self._server.timing.commit)
        if fault is CommitFault.LOST:
            raise Unknown("no answer")
        self._store(points, fenced=fault is CommitFault.FENCED)
        if fault is CommitFault.LANDED:
            raise Unknown("no answer")

    async def committed(self, partition: Partition) -> int | None:
        await self._server.answer(self._server.timing.commit)
        return self._group.committed.get(partition)

    async def end(self, partition: Partition) -> int:
        await self._server.answer(self._server.timing.commit)
        return len(self._server.records[partition])

    async def keepalive(self) -> None:
        await self._running.wait()
        self._beat()
        self._raise_what_a_callback_raised()

    def wake(self) -> None:
        self._arrival.set()

    async def stop(self) -> None:
        await self._end()
        if self._membership is not None:
            self._group.leave(self)

    # What a test may do to it.

    def evict(self) -> None:
        """The group puts it out; it learns of that `notice` seconds later, and then comes back."""
        self._group.leave(self)
        loop = asyncio.get_running_loop()
        loop.call_later(self._server.timing.notice, self.notice_rebalance)

    def freeze(self) -> None:
        """Its process is stopped: it does nothing at all, and its session runs out."""
        self._running.clear()
        self._expire_after(self._server.timing.session)

    def thaw(self) -> None:
        self._running.set()
        if not self._group.has(self):
            self.notice_rebalance()

    async def kill(self) -> None:
        """It says nothing to anybody; its session runs out."""
        await self._end()
        self._expire_after(self._server.timing.session)

    def notice_rebalance(self) -> None:
        self._rebalance.set()

    async def _belong(self) -> None:
        while True:
            await self._rebalance.wait()
            await self._running.wait()
            self._rebalance.clear()
            self._stable.clear()
            await self._give_up()
            if not self._group.has(self):
                self._group.enter(self, self._topics)
            await self._take(await self._group.join(self))

    async def _give_up(self) -> None:
        if self._positions:
            await self._tell_revoke(self._positions.keys())
        self._positions = {}

    async def _take(self, owned: tuple[Assignment, ...]) -> None:
        committed = self._group.committed
        self._positions = {a: committed.get(a.partition, 0) for a in owned}
        try:
            await self._listener.on_assign(owned)
        except Exception as error:  # noqa: BLE001 - comes out of the next `poll`
            self._callback_error = error
        self._beat()
        self._stable.set()

    async def _tell_revoke(self, assignments: Collection[Assignment]) -> None:
        try:
            await self._listener.on_revoke(tuple(assignments))
        except Exception as error:  # noqa: BLE001 - comes out of the next `poll`
            self._callback_error = error

    def _raise_what_a_callback_raised(self) -> None:
        if self._callback_error is not None:
            error, self._callback_error = self._callback_error, None
            raise error

    async def _wait_for_arrival(self, wait: float) -> None:
        if wait > 0:
            try:
                async with asyncio.timeout(wait):
                    await self._arrival.wait()
            except TimeoutError:
                return
        self._arrival.clear()

    def _read(self, room: Mapping[Assignment, int]) -> dict[Assignment, list[Record]]:
        if not self._server.is_up:
            return {}
        found: dict[Assignment, list[Record]] = {}
        unreadable: Corrupt | None = None
        for assignment in self._in_turn():
            try:
                limit = min(room.get(assignment, 0), SLICE_RECORDS)
                records = self._server.read(
                    assignment.partition, self._positions[assignment], limit
                )
            except Corrupt as corrupt:
                unreadable = corrupt
                continue
            if records:
                found[assignment] = records
                self._positions[assignment] = records[-1].offset + 1
        if unreadable is not None and not found:
            raise unreadable
        return found

    def _in_turn(self) -> Iterator[Assignment]:
        """Every assignment, beginning one further each time."""
        owned = list(self._positions)
        self._turn += 1
        return (owned[(self._turn + n) % len(owned)] for n in range(len(owned)))

    def _may_commit(self) -> bool:
        # Inside `on_revoke` the old assignments are still held; between that and `on_assign` none.
        return bool(self._positions)

    def _store(self, points: Mapping[Assignment, int], *, fenced: bool) -> None:
        member = self._group.has(self)
        lost = [a for a in points if fenced or not member or a not in self._positions]
        for assignment in points.keys() - set(lost):
            self._group.committed[assignment.partition] = points[assignment]
        if lost:
            raise Fenced(lost)

    def _beat(self) -> None:
        self._expire_after(self._server.timing.poll_limit)

    def _expire_after(self, seconds: float) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(seconds, self.evict)

    async def _end(self) -> None:
        self._server.unwatch(self._arrival)
        if self._expiry is not None:
            self._expiry.cancel()
        if self._membership is not None:
            self._membership.cancel()
            await asyncio.wait([self._membership])
