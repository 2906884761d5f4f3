"""Long-lived workers: how handlers run side by side, within a limit, and how one is cut short.

No task, future or timer is made for a record. A plain `await` of a handler that does not suspend
does not leave its worker, so workers give way by time; one sweep, not a timer each, finds the
attempts that last too long.

A worker is cut by cancelling its task while a handler runs in it. `Worker.cut` says why; a
cancellation without a cut is somebody ending the worker itself.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from enum import Enum, auto
from typing import Any

from responder.stream.environment import Environment
from responder.stream.handler import HANDLER_TIMEOUT, HEAD_OF_LINE, Retry
from responder.stream.lanes import Lane, Lanes, Shelf
from responder.stream.limit import Limit

WOKEN_AT_ONCE = 2


class Cut(Enum):
    """Why an attempt was ended from outside."""

    TIMEOUT = auto()
    STUCK = auto()
    LOST = auto()
    """Its assignment is not ours any more, or we stop: nothing came of it, nothing is counted."""

    def outcome(self) -> Retry:
        reason = HEAD_OF_LINE if self is Cut.STUCK else HANDLER_TIMEOUT
        return Retry(reason, overloaded=self is Cut.TIMEOUT)


class StrayCancellation(Exception):
    """The handler was cancelled from inside: neither was it cut nor is its worker to end."""


class Worker:
    """One place in which a handler runs."""

    __slots__ = ("_ended", "cut", "is_handling", "lanes", "started_at", "task")

    def __init__(self) -> None:
        self.task: asyncio.Task[None]
        self.lanes: Sequence[Lane] = ()
        self.started_at = 0.0
        self.is_handling = False
        self.cut: Cut | None = None
        self._ended: asyncio.Future[None] | None = None

    def cut_short(self, why: Cut) -> None:
        """Cancel what runs here, once; only while `is_handling` or something of `lanes` is left."""
        if self.cut is None:
            self.cut = why
            self.task.cancel()

    def take_cut(self) -> Cut | None:
        """Why we were cancelled; None if it was not us that was meant but the worker's task."""
        cut, self.cut = self.cut, None
        if cut is not None:
            self.task.uncancel()
        return cut

    def is_to_end(self) -> bool:
        """Whether somebody has cancelled the worker's task; asked after `take_cut`."""
        return self.task.cancelling() > 0

    def has_any_of(self, shelves: Collection[Shelf]) -> bool:
        return any(lane.shelf in shelves for lane in self.lanes)

    def when_free(self) -> asyncio.Future[None]:
        """Done when what it has now has come to its end."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
        return self._ended

    def free(self) -> None:
        self.lanes = ()
        if self.cut is not None:
            self.take_cut()  # the handler has kept the cancellation to itself
        if self._ended is not None:
            self._ended.set_result(None)
            self._ended = None


class Workers:
    """The workers of one consumer, and which of them may start something."""

    def __init__(self, lanes: Lanes, limit: Limit, environment: Environment) -> None:
        self.lanes = lanes
        self.limit = limit
        self.running = 0
        self.is_open = True
        """Once false, a worker ends when what it has comes to its end."""
        self.durations: list[float] = []
        self.waits: list[float] = []
        self.all = [Worker() for _ in range(limit.most)]
        self._clock = environment.clock
        self._yield_every = environment.options.yield_every
        self._ran_others_at = 0.0
        self._idle: list[asyncio.Future[None]] = []
        self._woken = 0

    def start(
        self, serve: Callable[[Worker], Coroutine[Any, Any, None]]
    ) -> list[asyncio.Task[None]]:
        for worker in self.all:
            worker.task = asyncio.create_task(serve(worker))
        return [worker.task for worker in self.all]

    def may_start(self) -> bool:
        """Whether there is something to start, and a place for it."""
        limit = self.limit
        return (
            self.running < limit.current
            and self.lanes.has_ready
            and (limit.not_before == 0.0 or limit.not_before <= self._clock.monotonic())
        )

    def wake(self) -> None:
        """Something is ready: wake a worker or two. Each that takes something wakes the next.

        To wake all that could find work would switch tasks for nothing when handlers are quick.
        """
        while self._idle and self._woken < WOKEN_AT_ONCE and self.may_start():
            idle = self._idle.pop()
            if not idle.done():
                self._woken += 1
                idle.set_result(None)

    async def rest(self) -> None:
        """Wait until woken."""
        idle = asyncio.get_running_loop().create_future()
        self._idle.append(idle)
        await idle
        self._woken -= 1

    def is_hogging(self, worker: Worker) -> bool:
        """Whether no other task has run for a while."""
        return worker.started_at - self._ran_others_at >= self._yield_every

    async def give_way(self) -> None:
        """Let other tasks run."""
        await asyncio.sleep(0)
        self._ran_others_at = self._clock.monotonic()

    def begin(self, worker: Worker, lanes: Sequence[Lane]) -> None:
        """A handler starts with what was taken of these lanes."""
        worker.lanes = lanes
        worker.started_at = now = self._clock.monotonic()
        worker.is_handling = True
        self.running += 1
        for lane in lanes:
            if lane.shelf.samples:
                self._note_wait(lane, now)
        if self._idle:
            self.wake()

    def end(self, worker: Worker, said: object) -> None:
        """It has come to an end, with a `Retry` or anything else."""
        now = self._clock.monotonic()
        self.durations.append(now - worker.started_at)
        worker.is_handling = False
        running = self.running
        self.running = running - 1
        if isinstance(said, Retry) and said.overloaded:
            self.limit.overloaded(worker.started_at, now, said.after_seconds)
        else:
            self.limit.succeeded(running)

    def oldest_started_at(self) -> float | None:
        return min((w.started_at for w in self.all if w.is_handling), default=None)

    def cut_overdue(self, started_before: float) -> None:
        """Cut every attempt that began before this."""
        for worker in self.all:
            if worker.is_handling and worker.started_at <= started_before:
                worker.cut_short(Cut.TIMEOUT)

    def cut_lane(self, lane: Lane) -> None:
        """Cut the attempt at this lane, as it holds up its partition."""
        for worker in self.all:
            if worker.is_handling and lane in worker.lanes:
                worker.cut_short(Cut.STUCK)

    def cut_lost(self, shelves: Collection[Shelf]) -> list[Worker]:
        """Cut everything that runs for these shelves; gives the workers concerned."""
        concerned = self.busy_with(shelves)
        for worker in concerned:
            worker.cut_short(Cut.LOST)
        return concerned

    def busy_with(self, shelves: Collection[Shelf]) -> list[Worker]:
        return [worker for worker in self.all if worker.has_any_of(shelves)]

    async def drained(self, shelves: Collection[Shelf], up_to: float) -> int:
        """Wait until nothing runs for these shelves; gives how many still do after `up_to`."""
        if busy := [worker.when_free() for worker in self.busy_with(shelves)]:
            _, left = await asyncio.wait(busy, timeout=up_to)
            return len(left)
        return 0

    def _note_wait(self, lane: Lane, now: float) -> None:
        at = lane.shelf.samples.pop(lane.records[0].offset, None)
        if at is not None:
            self.waits.append(now - at)
