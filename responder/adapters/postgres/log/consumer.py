"""Read the log kept in PostgreSQL, as one member of a group."""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from responder.adapters.postgres.log.claims import GROUPS_CHANNEL, Claims
from responder.adapters.postgres.log.membership import LogTiming, Membership
from responder.adapters.postgres.log.reader import Found, Reader, Wanted
from responder.adapters.postgres.log.session import Connection, Refusal, Session
from responder.adapters.postgres.log.writer import RECORDS_CHANNEL
from responder.engagement.ports import Clock, Ids
from responder.stream.log import (
    Assignment,
    Fenced,
    LogError,
    Partition,
    RebalanceListener,
    Rebalancing,
    Record,
    Unknown,
    Unreachable,
)

T = TypeVar("T")

LOOK_EVERY_SECONDS = 1.0
"""A notification may be missed with its connection; the reader looks itself this often."""


class PostgresLog:
    """Implements `Log`, with two connections: one reads and listens, one keeps the membership."""

    def __init__(
        self, dsn: str, *, clock: Clock, ids: Ids, timing: LogTiming | None = None
    ) -> None:
        """Nothing is opened before `start`.

        Args:
            dsn: `postgresql://…`, direct: not through a pooler that shares connections.
            clock: for leases and limits; must not stand still while the process is stopped.
            ids: names this member.
            timing: the defaults suit processes that may pause for a second or two.
        """
        self._timing = timing or LogTiming()
        self._clock = clock
        self._ids = ids
        self._group = ""
        limit = self._timing.connect
        self._reading = Session(dsn, connect_seconds=limit, prepare=self._listen)
        self._keeping = Session(dsn, connect_seconds=limit)
        self._reader = Reader(self._reading, within=self._timing.commit)
        self._claims: Claims | None = None
        self._membership: Membership | None = None
        self._news = asyncio.Event()
        self._woken = False
        self._empty: frozenset[Assignment] = frozenset()
        self._looked_at = 0.0

    async def start(self, topics: Collection[str], group: str, listener: RebalanceListener) -> None:
        """See the port."""
        self._group = group
        self._claims = Claims(
            self._keeping,
            group=group,
            member=self._ids.uuid(),
            lease_seconds=self._timing.lease,
            within=self._timing.commit,
        )
        membership = Membership(
            self._claims,
            topics=topics,
            listener=listener,
            clock=self._clock,
            timing=self._timing,
        )
        try:
            await self._reading.open()
            await self._claims.require(topics)
            await membership.join()
        except LogError as e:
            await self._close()
            raise e if isinstance(e, Unreachable) else Unreachable(str(e)) from e
        self._membership = membership

    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        """See the port."""
        membership = self._started()
        membership.polled()
        found = await self._read(membership, room)
        if found or wait <= 0 or self._woken:
            self._woken = False
            return found
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._news.wait()
        self._woken = False
        return await self._read(membership, room)

    async def commit(self, points: Mapping[Assignment, int]) -> None:
        """See the port. A point beyond what was read skips what is between."""
        membership = self._started()
        if membership.is_out:
            raise Rebalancing("everything was lost; joining again")
        mine = {a: point for a, point in points.items() if membership.holds(a)}
        stored = await _settled(self._member().commit(mine)) if mine else set()
        for assignment in stored & membership.positions.keys():
            position = membership.positions[assignment]
            membership.positions[assignment] = max(position, points[assignment])
        if lost := points.keys() - stored:
            membership.lost(lost)
            raise Fenced(lost)

    async def committed(self, partition: Partition) -> int | None:
        """See the port."""
        return await _settled(self._member().committed(partition))

    async def end(self, partition: Partition) -> int:
        """See the port."""
        return await _settled(self._member().end(partition))

    async def keepalive(self) -> None:
        """See the port."""
        self._started().polled()

    def wake(self) -> None:
        """See the port."""
        self._woken = True
        self._news.set()

    async def stop(self) -> None:
        """See the port."""
        membership, self._membership = self._membership, None
        if membership is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timing.stop):
                    await membership.leave()
        await self._close()

    async def _read(
        self, membership: Membership, room: Mapping[Assignment, int]
    ) -> dict[Assignment, list[Record]]:
        wanted = {
            assignment: Wanted(start, room[assignment])
            for assignment, start in membership.positions.items()
            if room.get(assignment, 0) > 0
        }
        if not wanted or not membership.may_work():
            self._put_news_off()
            return {}
        if self._has_nothing_new(wanted.keys()):
            return {}
        self._news.clear()
        self._looked_at = self._clock.monotonic()
        try:
            found = await self._reader.read(wanted)
        except LogError as e:
            if isinstance(e, Refusal) and e.is_final:
                raise Unreachable(str(e)) from e
            await self._clock.sleep(self._timing.retry)  # away; the claims run out by themselves
            return {}
        self._empty = frozenset() if found.records or found.corrupt else frozenset(wanted)
        return _delivered(membership, found)

    def _put_news_off(self) -> None:
        """Nobody may read it now. Left standing, it would end every wait at once, without an end."""
        if self._news.is_set():
            self._news.clear()
            self._empty = frozenset()

    def _has_nothing_new(self, wanted: Collection[Assignment]) -> bool:
        """The last look at these found nothing, and nobody has said anything since."""
        return (
            not self._news.is_set()
            and self._empty.issuperset(wanted)
            and self._clock.monotonic() - self._looked_at < LOOK_EVERY_SECONDS
        )

    async def _listen(self, connection: Connection) -> None:
        await connection.add_listener(RECORDS_CHANNEL, self._hear_of_records)
        await connection.add_listener(GROUPS_CHANNEL, self._hear_of_group)
        self._news.set()  # whatever was said while nobody listened

    def _hear_of_records(self, _: object, __: int, ___: str, said: object) -> None:
        topic, _slash, number = str(said).rpartition("/")
        if self._membership is not None and number.isdigit():
            partition = Partition(topic, int(number))
            if any(a.partition == partition for a in self._membership.positions):
                self._news.set()

    def _hear_of_group(self, _: object, __: int, ___: str, said: object) -> None:
        if self._membership is not None and said == self._group:
            self._membership.changed()

    def _started(self) -> Membership:
        if self._membership is None:
            raise Unreachable("it is not started")
        return self._membership

    def _member(self) -> Claims:
        if self._claims is None:
            raise Unreachable("it is not started")
        return self._claims

    async def _close(self) -> None:
        await self._reading.close()
        await self._keeping.close()


async def _settled(answer: Awaitable[T]) -> T:
    """What the port calls no answer: whatever the reason, the next attempt may succeed."""
    try:
        return await answer
    except (Unreachable, Refusal) as e:
        raise Unknown(str(e)) from e


def _delivered(membership: Membership, found: Found) -> dict[Assignment, list[Record]]:
    """What may still be delivered of it, after the time that reading took.

    Raises:
        Corrupt: there is nothing else to deliver.
    """
    if not membership.may_work():
        return {}
    delivered: dict[Assignment, list[Record]] = {}
    for assignment, records in found.records.items():
        position = membership.positions.get(assignment)
        if position is not None and records[-1].offset >= position:
            delivered[assignment] = [r for r in records if r.offset >= position]
            membership.positions[assignment] = records[-1].offset + 1
    if found.corrupt and not delivered:
        raise found.corrupt[0]
    return delivered
