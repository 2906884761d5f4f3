"""One sweep over everything that has to do with time, ten times a second.

It ends attempts that last too long, tries parked lanes whose time has come, frees a partition from
a stuck head, and tells the observer. A time limit is therefore kept to within a tenth of a second,
and costs nothing per record.
"""

from collections.abc import Callable
from dataclasses import dataclass

from responder.stream.deadletter import Bucket
from responder.stream.environment import Environment
from responder.stream.handler import HEAD_OF_LINE, Bury
from responder.stream.lanes import Lane, Lanes, LaneState, Shelf
from responder.stream.log import Partition
from responder.stream.observer import Gauges
from responder.stream.ownership import Ownership
from responder.stream.settle import STUCK_MAX, Settlement
from responder.stream.workers import Workers

SWEEP_SECONDS = 0.1
SWEEPS_PER_GAUGE = 10
FULL_SHARE = 0.9
FINISHED_SHARE = 0.98


@dataclass(slots=True)
class _Blocked:
    """A shelf that is held up by the record at this offset."""

    point: int
    since: float


class Watch:
    """Sweeps for ever."""

    def __init__(
        self,
        *,
        ownership: Ownership,
        lanes: Lanes,
        workers: Workers,
        settlement: Settlement,
        environment: Environment,
        swept: Callable[[], None],
    ) -> None:
        self._ownership = ownership
        self._lanes = lanes
        self._workers = workers
        self._settlement = settlement
        self._clock = environment.clock
        self._options = environment.options
        self._observer = environment.observer
        self._swept = swept
        self._blocked: dict[Shelf, _Blocked] = {}

    async def run(self) -> None:
        sweeps = 0
        while True:
            await self._clock.sleep(SWEEP_SECONDS)
            self.sweep(self._clock.monotonic())
            sweeps += 1
            if sweeps % SWEEPS_PER_GAUGE == 0:
                self._observer.gauges(self.gauges(self._clock.monotonic()))

    def sweep(self, now: float) -> None:
        self._workers.cut_overdue(now - self._options.handler_timeout)
        self._lanes.unpark_due(now)
        for shelf in list(self._ownership.shelves.values()):
            self._look_at_head(shelf, now)
            shelf.tokens.finished(shelf.finished)
            shelf.finished = 0
            if shelf.is_stopped and shelf.tokens.left(Bucket.FAILED, now):
                self._start_again(shelf)
        self.report()
        self._workers.wake()
        self._swept()

    def gauges(self, now: float) -> Gauges:
        shelves = self._ownership.shelves.values()
        return Gauges(
            running=self._workers.running,
            buffered_records=self._lanes.records,
            buffered_bytes=self._lanes.size_bytes,
            concurrency_limit=self._workers.limit.current,
            deepest_lane=self._lanes.deepest(),
            spans={s.assignment.partition: s.window.span for s in shelves},
            oldest_unfinished=self.delays(),
            tokens={
                (s.assignment.partition, bucket): s.tokens.left(bucket, now)
                for s in shelves
                for bucket in Bucket
            },
        )

    def delays(self) -> dict[Partition, float]:
        """Since the record at the commit point was appended; 0 where everything is finished."""
        wall = self._clock.now().timestamp()
        return {
            shelf.assignment.partition: 0.0
            if (oldest_at := shelf.window.oldest_at) is None
            else max(0.0, wall - oldest_at)
            for shelf in self._ownership.shelves.values()
        }

    def _start_again(self, shelf: Shelf) -> None:
        """There are tokens again: what was refused one may be tried, and then buried, now."""
        self._lanes.resume(shelf)
        self._observer.resumed(shelf.assignment.partition)
        for lane in list(shelf.lanes.values()):
            if lane.state is LaneState.PARKED:
                self._lanes.unpark(lane)

    def _look_at_head(self, shelf: Shelf, now: float) -> None:
        window = shelf.window
        point = window.commit_point
        span = window.span
        is_blocked = (
            span > FULL_SHARE * window.limit and window.unfinished < (1 - FINISHED_SHARE) * span
        )
        if not is_blocked or point is None:
            self._blocked.pop(shelf, None)
            return
        blocked = self._blocked.setdefault(shelf, _Blocked(point, now))
        if blocked.point != point:
            self._blocked[shelf] = _Blocked(point, now)
        elif now - blocked.since >= self._options.stuck_after:
            blocked.since = now
            if (lane := shelf.lane_of(point)) is not None:
                self._free(lane)

    def _free(self, lane: Lane) -> None:
        """The first time it is tried again at once; the second time it is buried."""
        trouble = self._settlement.trouble_of(lane)
        trouble.times_stuck += 1
        if lane.state is LaneState.RUNNING:
            self._workers.cut_lane(lane)
        elif lane.state is LaneState.PARKED and trouble.verdict is None:
            if trouble.times_stuck >= STUCK_MAX:
                trouble.verdict = Bury(HEAD_OF_LINE, trouble.reason)
            self._lanes.unpark(lane)

    def report(self) -> None:
        """Tell the observer what has come together since the last time."""
        workers = self._workers
        if finished := self._settlement.finished:
            self._settlement.finished = 0
            self._observer.finished(finished)
        if workers.durations:
            self._observer.handled(workers.durations)
            workers.durations = []
        if workers.waits:
            self._observer.waited(workers.waits)
            workers.waits = []
