"""The consumer: a partitioned log becomes many handlers at once, in order per key.

One task polls and does nothing else, as a rebalance can hold it for seconds; workers handle, a
committer commits, a sweep keeps time. They meet in the shelves, on one event loop, and between two
awaits nothing else runs: that is all the locking there is.

After a crash at any point the next owner starts at the committed offset, which never passes an
unfinished record. What was finished behind it comes again, and the handler's inbox absorbs it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from responder.stream.batch import BatchService
from responder.stream.buffer import Buffer
from responder.stream.committer import Committer
from responder.stream.environment import Carried, Environment, Subscription
from responder.stream.handler import Batch
from responder.stream.lanes import Lanes, Shelf
from responder.stream.limit import Fixed, Limit
from responder.stream.log import Assignment, Corrupt, Log, Partition, Record, Unreachable
from responder.stream.ownership import Ownership
from responder.stream.settle import Settlement
from responder.stream.single import SingleService
from responder.stream.stall import StallWatch
from responder.stream.watch import Watch
from responder.stream.workers import Workers

SAMPLES_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one consumer is. Ages in seconds; None where there is nothing to be old."""

    poll_age: float
    """Since the poll loop last came round. A rebalance makes it wait, within its time-out."""
    oldest_handler: float | None
    rebalancing: float | None
    has_joined: bool
    is_stopping: bool
    assigned: frozenset[Partition]
    stopped: frozenset[Partition]
    """Out of dead-letter tokens: see `Observer.stopped`."""


class Consumer:
    """One member of one group, from `run` to its end; a new one is built for a new start."""

    def __init__(
        self,
        *,
        log: Log,
        subscription: Subscription,
        environment: Environment,
        limit: Limit | None = None,
        carried: Carried | None = None,
    ) -> None:
        carried = carried or Carried()
        options = environment.options
        self._log = log
        self._subscription = subscription
        self._clock = environment.clock
        self._options = options
        self._observer = environment.observer
        self._lanes = Lanes()
        self._buffer = Buffer(
            self._lanes, records=options.buffer_records, size_bytes=options.buffer_bytes
        )
        self._workers = Workers(self._lanes, limit or Fixed(options.concurrency), environment)
        self._committer = Committer(log, environment)
        settlement = Settlement(
            lanes=self._lanes,
            dead_letters=subscription.dead_letters,
            group=subscription.group,
            environment=environment,
            progress=self._progress,
        )
        self._service = self._make_service(settlement)
        self._ownership = Ownership(
            lanes=self._lanes,
            workers=self._workers,
            committer=self._committer,
            tokens=carried.tokens,
            environment=environment,
            changed=self._let_poll,
        )
        self._watch = Watch(
            ownership=self._ownership,
            lanes=self._lanes,
            workers=self._workers,
            settlement=settlement,
            environment=environment,
            swept=self._let_poll,
        )
        self._stalls = StallWatch(
            log=log,
            ownership=self._ownership,
            environment=environment,
            excused=carried.excused,
            poll_age=lambda: self._clock.monotonic() - self._beat_at,
            is_asked=lambda assignment: assignment in self._asked,
        )
        self._space = asyncio.Event()
        self._asked: Mapping[Assignment, int] = {}
        self._low_water = -1
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._is_running = False
        self._beat_at = self._clock.monotonic()

    def _make_service(self, settlement: Settlement) -> SingleService | BatchService:
        handler = self._subscription.handler
        if isinstance(handler, Batch):
            return BatchService(handler, self._workers, settlement, self._clock)
        return SingleService(handler, self._workers, settlement)

    async def run(self) -> None:
        """Join, work until `stop`, leave.

        Raises:
            Unreachable: the log cannot be reached, or the membership is lost for good.
            Stalled: the log has records for us and gives none.
            Exception: what a callback of the log, or the runtime itself, raised.
            Whatever it raises, everything has ended and a new consumer may be built.
        """
        self._is_running = True
        try:
            await self._log.start(
                self._subscription.topics, self._subscription.group, self._ownership
            )
            await self._work()
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.commit_timeout):
                    await self._log.stop()
            self._ended.set()

    async def stop(self) -> None:
        """Stop polling, drain, commit, leave; returns when all of it has ended. May be joined."""
        self._stopping.set()
        self._space.set()
        self._log.wake()
        if self._is_running:
            await self._ended.wait()

    def allow(self, records: int) -> None:
        """A person has looked: every partition of ours may bury so many more records."""
        self._ownership.allow(records)

    def health(self) -> Health:
        now = self._clock.monotonic()
        oldest = self._workers.oldest_started_at()
        since = self._ownership.rebalancing_since
        shelves = self._ownership.shelves.values()
        return Health(
            poll_age=now - self._beat_at,
            oldest_handler=None if oldest is None else now - oldest,
            rebalancing=None if since is None else now - since,
            has_joined=self._ownership.has_joined,
            is_stopping=self._stopping.is_set(),
            assigned=frozenset(s.assignment.partition for s in shelves),
            stopped=frozenset(s.assignment.partition for s in shelves if s.is_stopped),
        )

    async def _work(self) -> None:
        polling = asyncio.create_task(self._poll_until_stopped())
        services = [
            asyncio.create_task(self._stopping.wait()),
            asyncio.create_task(
                self._committer.run(self._ownership.shelves.values, self._ownership.lose)
            ),
            asyncio.create_task(self._watch.run()),
            asyncio.create_task(self._stalls.run()),
            *self._workers.start(self._service.serve),
        ]
        try:
            await asyncio.wait([polling, *services], return_when=asyncio.FIRST_COMPLETED)
            self._stopping.set()
            await self._let_go(polling)
        finally:
            await self._end([polling, *services])

    async def _let_go(self, polling: asyncio.Task[None]) -> None:
        """Drain and commit; or, when the membership is lost, only let go."""
        # A rebalance may hold the poll; draining does not wait for it.
        await asyncio.wait([polling], timeout=self._options.poll_wait)
        owned = list(self._ownership.shelves)
        if (
            polling.done()
            and not polling.cancelled()
            and isinstance(polling.exception(), Unreachable)
        ):
            self._ownership.lose(owned)
        else:
            await self._ownership.give_up(owned)

    async def _end(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        """End these, the poll loop first; what one of them failed with is raised."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.commit_timeout):
                await self._log.stop()
                # To cancel a poll can harm the client: stopped, it returns by itself.
                await asyncio.wait(tasks[:1])
        self._workers.is_open = False
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=self._options.cancel_grace)
        self._watch.report()
        failed = [task.exception() for task in tasks if task.done() and not task.cancelled()]
        for error in filter(None, failed):
            raise error

    async def _poll_until_stopped(self) -> None:
        stopping = self._stopping
        while not stopping.is_set():
            self._beat_at = self._clock.monotonic()
            room = self._room()
            if self._ownership.shelves and not room:
                await self._wait_for_space()
                continue
            self._take(await self._poll(room))
            await asyncio.sleep(0)

    async def _poll(self, room: Mapping[Assignment, int]) -> Mapping[Assignment, Sequence[Record]]:
        try:
            return await self._log.poll(room, self._options.poll_wait)
        except Corrupt as corrupt:
            self._observer.corrupt(corrupt)
            await self._clock.sleep(self._options.poll_wait)
            return {}
        except asyncio.CancelledError as cancelled:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            raise Unreachable("the log's client has cancelled its own poll") from cancelled

    def _room(self) -> Mapping[Assignment, int]:
        shelves = self._ownership.shelves
        room = self._buffer.room(shelves.values())
        # Who was left out is asked again as soon as a chunk is free, not only after a quiet poll.
        left_out = len(room) < len(shelves)
        self._low_water = self._lanes.records - self._buffer.chunk if left_out else -1
        self._asked = room
        return room

    async def _wait_for_space(self) -> None:
        self._space.clear()
        deadline = self._clock.monotonic() + self._options.keepalive
        while not self._stopping.is_set() and not self._room():
            if self._clock.monotonic() >= deadline:
                await self._log.keepalive()
                return
            await self._space.wait()
            self._space.clear()

    def _take(self, batch: Mapping[Assignment, Sequence[Record]]) -> None:
        """Register what was read. There is no await between the poll and this."""
        now = self._clock.monotonic()
        for assignment, records in batch.items():
            shelf = self._ownership.shelves.get(assignment)
            if shelf is None or shelf.is_leaving or not records:
                continue
            oldest_at = records[0].appended_at.timestamp()
            for run in unbroken(records):
                shelf.window.start(run, oldest_at)
            self._sample(shelf, records[0].offset, now)
            self._lanes.put(shelf, records)
            self._stalls.delivered(assignment)
        self._workers.wake()

    @staticmethod
    def _sample(shelf: Shelf, offset: int, now: float) -> None:
        if len(shelf.samples) >= SAMPLES_MAX:
            shelf.samples.clear()
        shelf.samples[offset] = now

    def _progress(self, records: int) -> None:
        buffered = self._lanes.records
        self._committer.finished(records, is_idle=buffered == 0)
        if buffered <= self._low_water:
            self._low_water = -1
            self._space.set()
            self._log.wake()

    def _let_poll(self) -> None:
        """Something may have changed that only a new turn of the poll loop sees."""
        self._space.set()


def unbroken(records: Sequence[Record]) -> list[range]:
    """The offsets of these records as runs without a gap."""
    first, last = records[0].offset, records[-1].offset
    if last - first + 1 == len(records):
        return [range(first, last + 1)]
    runs: list[range] = []
    start = end = first
    for record in records:
        if record.offset != end:
            runs.append(range(start, end))
            start = record.offset
        end = record.offset + 1
    return [*runs, range(start, end)]
