"""The consumer: a partitioned log becomes many handlers at once, in order per key.

One task polls and does nothing else, as a rebalance can hold it for seconds; workers handle, a
committer commits, a sweep keeps time. They meet in the shelves, on one event loop, and between two
awaits nothing else runs: that is all the locking there is.

After a crash at any point the next owner starts at the committed offset, which never passes an
unfinished record. What was finished behind it comes again, and the handler's inbox absorbs it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from responder.stream.batch import BatchService
from responder.stream.committer import Committer
from responder.stream.environment import Carried, Environment, Subscription
from responder.stream.handler import Batch
from responder.stream.lanes import Lanes
from responder.stream.limit import Fixed, Limit
from responder.stream.log import Log, Partition, Unreachable
from responder.stream.ownership import Ownership
from responder.stream.poll import PollLoop
from responder.stream.settle import Settlement
from responder.stream.single import SingleService
from responder.stream.stall import StallWatch
from responder.stream.watch import Watch
from responder.stream.workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one consumer is. Ages in seconds; None where there is nothing to be old."""

    poll_age: float
    """Since the poll loop last came round. A rebalance makes it wait, within its time-out."""
    oldest_handler: float | None
    delay: float
    """Since the oldest record that is not finished was appended; 0 where all are. Partitions that
    are stopped until a person looks do not count."""
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
        self._lanes = Lanes()
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
            changed=self._look_again,
        )
        self._watch = Watch(
            ownership=self._ownership,
            lanes=self._lanes,
            workers=self._workers,
            settlement=settlement,
            environment=environment,
            swept=self._look_again,
        )
        self._polls = PollLoop(
            log=log,
            shelves=self._ownership.shelves,
            lanes=self._lanes,
            workers=self._workers,
            environment=environment,
        )
        self._stalls = StallWatch(
            log=log,
            ownership=self._ownership,
            polls=self._polls,
            environment=environment,
            excused=carried.excused,
        )
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._is_running = False

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
        self._polls.stop()
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
            poll_age=self._polls.age,
            oldest_handler=None if oldest is None else now - oldest,
            delay=self._delay(),
            rebalancing=None if since is None else now - since,
            has_joined=self._ownership.has_joined,
            is_stopping=self._stopping.is_set(),
            assigned=frozenset(s.assignment.partition for s in shelves),
            stopped=frozenset(s.assignment.partition for s in shelves if s.is_stopped),
        )

    def _delay(self) -> float:
        shelves = self._ownership.shelves.values()
        stopped = {each.assignment.partition for each in shelves if each.is_stopped}
        delays = self._watch.delays()
        return max((delays[each] for each in delays.keys() - stopped), default=0.0)

    async def _work(self) -> None:
        polling = asyncio.create_task(self._polls.run())
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
            self._polls.stop()
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

    def _look_again(self) -> None:
        self._polls.look_again()

    def _progress(self, records: int) -> None:
        self._committer.finished(records, is_idle=self._lanes.records == 0)
        self._polls.freed()
