"""What becomes of a record when its handler has spoken: done, another try, or the dead letter.

A record leaves its lane in one way only: its offset is finished, after its effects, or its burial,
are durable. A crash before that point repeats it; nothing skips it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection

from responder.stream.deadletter import Bucket, DeadLetters
from responder.stream.environment import Environment
from responder.stream.handler import FAILED, HEAD_OF_LINE, Bury, Done, Outcome, Retry
from responder.stream.lanes import Lane, Lanes, LaneState, Shelf, Trouble
from responder.stream.retry import Backoff
from responder.stream.workers import Worker

STUCK_MAX = 2


class Settlement:
    """Ends the attempt that a worker has made.

    Args:
        progress: told how many records were finished.
    """

    def __init__(
        self,
        *,
        lanes: Lanes,
        dead_letters: DeadLetters,
        group: str,
        environment: Environment,
        progress: Callable[[int], None],
    ) -> None:
        self.finished = 0
        """Since this was last looked at."""
        self._lanes = lanes
        self._dead_letters = dead_letters
        self._group = group
        self._clock = environment.clock
        self._options = options = environment.options
        self._backoff = Backoff(options.backoff_first, options.backoff_most, environment.random)
        self._observer = environment.observer
        self._progress = progress

    def done(self, lane: Lane, records: int = 1) -> None:
        """`records` from the head are dealt with; the lane moves on."""
        self.finish(lane, records)
        self._lanes.release(lane)

    def all_done(self, lanes: Collection[Lane]) -> None:
        """Everything that was taken of these lanes is dealt with; they move on."""
        offsets: dict[Shelf, list[int]] = defaultdict(list)
        for lane in lanes:
            offsets[lane.shelf] += self._lanes.remove(lane, lane.taken)
            self._lanes.release(lane)
        for shelf, done in offsets.items():
            self._finish(shelf, done)

    def finish(self, lane: Lane, records: int) -> None:
        """`records` from the head are dealt with; the worker still has the lane."""
        self._finish(lane.shelf, self._lanes.remove(lane, records))

    def _finish(self, shelf: Shelf, offsets: Collection[int]) -> None:
        if late := shelf.window.finish(offsets):
            self._observer.late(late)
            return
        if shelf.is_stopped:
            self._lanes.resume(shelf)
            self._observer.resumed(shelf.assignment.partition)
        records = len(offsets)
        shelf.finished += records
        self.finished += records
        self._progress(records)

    async def settle_for(self, worker: Worker, lane: Lane, outcome: Outcome | None) -> None:
        """`settle`, which a cut of the worker may end; None means that the lane was lost."""
        try:
            if outcome is not None:
                await self.settle(lane, outcome)
        except asyncio.CancelledError:
            if worker.take_cut() is None:
                raise
        if lane.state is LaneState.RUNNING:
            self._lanes.release(lane)

    async def settle(self, lane: Lane, outcome: Outcome) -> None:
        """End the attempt for the record at the head of the lane."""
        if isinstance(outcome, Done):
            self.done(lane)
        elif isinstance(outcome, Retry):
            await self._retry(lane, outcome)
        else:
            await self._condemn(lane, outcome, Bucket.MALFORMED)

    async def carry_out(self, lane: Lane, verdict: Bury) -> None:
        """Go on with a burial that could not be made, or paid for, before."""
        trouble = self.trouble_of(lane)
        if not trouble.is_paid and not self._pay(lane, trouble):
            return
        try:
            async with asyncio.timeout(self._options.handler_timeout):
                await self._bury(lane, verdict, trouble)
        except Exception as error:  # noqa: BLE001 - the observer tells; it is tried for ever
            self._observer.bury_failed(error)
            self._park(lane, trouble)
        else:
            self._observer.buried(verdict.reason)
            self.done(lane)

    async def _retry(self, lane: Lane, outcome: Retry) -> None:
        trouble = self.trouble_of(lane)
        trouble.reason = outcome.detail or outcome.reason
        trouble.last_failed_at = self._clock.now()
        trouble.attempts += outcome.counts
        if trouble.times_stuck >= STUCK_MAX:
            await self._condemn(lane, Bury(HEAD_OF_LINE, trouble.reason), Bucket.FAILED)
        elif self._is_exhausted(trouble):
            await self._condemn(lane, Bury(FAILED, trouble.reason), Bucket.FAILED)
        else:
            self._observer.retried(outcome.reason)
            self._park(lane, trouble, outcome.after_seconds)

    async def _condemn(self, lane: Lane, verdict: Bury, bucket: Bucket) -> None:
        trouble = self.trouble_of(lane)
        trouble.verdict = verdict
        trouble.bucket = bucket
        if bucket is Bucket.MALFORMED:
            trouble.attempts += 1
        await self.carry_out(lane, verdict)

    def _is_exhausted(self, trouble: Trouble) -> bool:
        age = self._clock.monotonic() - trouble.since
        return trouble.attempts >= self._options.retry_max or age >= self._options.retry_max_age

    def _pay(self, lane: Lane, trouble: Trouble) -> bool:
        """Take the token; without one the lane is parked."""
        now = self._clock.monotonic()
        tokens = lane.shelf.tokens
        if trouble.bucket is Bucket.MALFORMED:
            trouble.is_paid = True
            usable_at = tokens.reserve(trouble.bucket, now)
            if usable_at > now:
                self._lanes.park(lane, usable_at)
            return usable_at <= now
        trouble.is_paid = tokens.take(trouble.bucket, now)
        if not trouble.is_paid:
            self._stop(lane, trouble, now)
        return trouble.is_paid

    def _stop(self, lane: Lane, trouble: Trouble, now: float) -> None:
        # Its record is not given up: it is tried now and then, and success starts the partition
        # again. So an outage that is over needs nobody.
        trouble.verdict = None
        if not lane.shelf.is_stopped:
            self._lanes.stop(lane.shelf)
            self._observer.stopped(lane.shelf.assignment.partition)
        self._lanes.park(lane, now + self._options.backoff_most)

    async def _bury(self, lane: Lane, verdict: Bury, trouble: Trouble) -> None:
        await self._dead_letters.bury(
            lane.records[0],
            group=self._group,
            reason=verdict.reason,
            detail=verdict.detail,
            attempts=trouble.attempts,
            first_failed_at=trouble.first_failed_at,
            last_failed_at=trouble.last_failed_at,
        )

    def _park(self, lane: Lane, trouble: Trouble, at_least: float | None = None) -> None:
        trouble.waits += 1
        delay = self._backoff.delay(trouble.waits, at_least)
        self._lanes.park(lane, self._clock.monotonic() + delay)

    def trouble_of(self, lane: Lane) -> Trouble:
        if lane.trouble is None:
            now = self._clock.now()
            lane.trouble = Trouble(now, now, self._clock.monotonic())
        return lane.trouble
