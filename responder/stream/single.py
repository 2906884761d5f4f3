"""One record at a time: what a worker does with a `One` handler."""

import asyncio

from responder.stream.handler import Done, One, Outcome, outcome_of
from responder.stream.lanes import Lane
from responder.stream.settle import Settlement
from responder.stream.workers import Cut, StrayCancellation, Worker, Workers


class SingleService:
    """Takes a lane, handles its head, settles it; while workers are wanted."""

    def __init__(self, handler: One, workers: Workers, settlement: Settlement) -> None:
        self._handle = handler.handle
        self._workers = workers
        self._lanes = workers.lanes
        self._settlement = settlement

    async def serve(self, me: Worker) -> None:
        workers = self._workers
        while workers.is_open:
            if not workers.may_start() or (lane := self._lanes.take()) is None:
                await workers.rest()
                continue
            outcome = await self._attempt(me, lane)
            if outcome.__class__ is Done:
                self._settlement.done(lane)
            else:
                await self._settlement.settle_for(me, lane, outcome)
            me.free()
            if workers.is_hogging(me):
                await workers.give_way()

    async def _attempt(self, me: Worker, lane: Lane) -> Outcome | None:
        """None when the lane was lost meanwhile."""
        if lane.verdict is not None:
            me.lanes = (lane,)
            self._workers.wake()
            return lane.verdict
        outcome: Outcome | None = None
        self._workers.begin(me, (lane,))
        try:
            outcome = await self._handle(lane.records[0])
        except asyncio.CancelledError:
            cut = me.take_cut()
            if cut is not None:
                outcome = None if cut is Cut.LOST else cut.outcome()
            elif me.is_to_end():
                raise
            else:
                outcome = outcome_of(StrayCancellation())
        except Exception as error:  # noqa: BLE001 - its meaning is an outcome: retried or buried
            outcome = outcome_of(error)
        finally:
            self._workers.end(me, outcome)
        return outcome
