"""Many records in one call: what a worker does with a `Batch` handler.

The usual case is one call and all of it done. When a call raises, halves of it are tried, down to
single records, so that one poisonous record costs about 2 log2(n) calls and nobody else an attempt.
"""

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

from responder.engagement.errors import Retryable
from responder.engagement.ports import Clock
from responder.stream.handler import Batch, Done, Outcome, Retry, outcome_of
from responder.stream.lanes import Lane, heads, taken
from responder.stream.log import Record
from responder.stream.settle import Settlement
from responder.stream.workers import Cut, StrayCancellation, Worker, Workers


class Lost(Exception):
    """The assignment went while the batch ran."""


class Interrupted(Exception):
    """The call was cut short."""

    def __init__(self, cut: Cut) -> None:
        super().__init__(cut.name)
        self.cut = cut


class WrongCount(Exception):
    """A batch handler gave another number of outcomes than there were records."""


_Item: TypeAlias = tuple[Lane, Record]
_Said: TypeAlias = tuple[_Item, Outcome]


class BatchService:
    """Takes lanes until the batch is full, handles it, settles each; while workers are wanted."""

    def __init__(
        self, batch: Batch, workers: Workers, settlement: Settlement, clock: Clock
    ) -> None:
        self._batch = batch
        self._workers = workers
        self._lanes = workers.lanes
        self._settlement = settlement
        self._clock = clock
        self._somebody_lingers = False

    async def serve(self, me: Worker) -> None:
        while self._workers.is_open:
            lanes = await self._gather()
            await self._serve(me, lanes)
            me.free()
            if self._workers.is_hogging(me):
                await self._workers.give_way()

    async def _gather(self) -> list[Lane]:
        """A full batch, or what there is after lingering. Only one worker lingers at a time."""
        while True:
            is_full = self._ready() >= self._batch.size
            if not self._workers.may_start() or (self._somebody_lingers and not is_full):
                await self._workers.rest()
                continue
            if not is_full and self._batch.linger_seconds > 0:
                await self._linger()
                if not self._workers.may_start():
                    continue
            in_key_order = self._batch.order == "key"
            if lanes := self._lanes.take_batch(self._batch.size, in_key_order=in_key_order):
                return lanes

    def _ready(self) -> int:
        """How many records a batch could take; in key order a little too many, at worst."""
        if self._batch.order == "distinct":
            return self._lanes.ready
        return self._lanes.waiting if self._lanes.has_ready else 0

    async def _linger(self) -> None:
        self._somebody_lingers = True
        try:
            await self._clock.sleep(self._batch.linger_seconds)
        finally:
            self._somebody_lingers = False

    async def _serve(self, me: Worker, lanes: list[Lane]) -> None:
        me.lanes = lanes
        self._workers.wake()
        condemned = [lane for lane in lanes if lane.verdict is not None]
        for lane in condemned:
            await self._settlement.settle_for(me, lane, lane.verdict)
        fresh = self._still_ours(lanes, condemned) if condemned else lanes
        if not fresh:
            return
        try:
            await self._handle(me, fresh)
        except Lost:
            for lane in fresh:
                self._lanes.release(lane)

    def _still_ours(self, lanes: list[Lane], condemned: list[Lane]) -> list[Lane]:
        """The others, unless their assignment went while something was buried."""
        fresh = [lane for lane in lanes if lane not in condemned]
        for lane in fresh:
            if lane.shelf.is_leaving:
                self._lanes.release(lane)
        return [lane for lane in fresh if not lane.shelf.is_leaving]

    async def _handle(self, me: Worker, lanes: list[Lane]) -> None:
        try:
            outcomes = await self._call(me, lanes, taken(lanes))
        except Lost:
            raise
        except Exception as error:  # noqa: BLE001 - the record that fails alone is told so
            said = await self._after(error, me, lanes, list(heads(lanes)))
        else:
            if _are_all_done(outcomes):
                self._settlement.all_done(lanes)
                return
            said = list(zip(heads(lanes), outcomes, strict=True))
        of_lanes: dict[Lane, list[Outcome]] = {lane: [] for lane in lanes}
        for (lane, _), outcome in said:
            of_lanes[lane].append(outcome)
        for lane, of_lane in of_lanes.items():
            await self._settle(me, lane, of_lane)

    async def _settle(self, me: Worker, lane: Lane, outcomes: list[Outcome]) -> None:
        """Finish what was done before the first thing that was not; that one ends the lane's turn."""
        done = 0
        while done < len(outcomes) and outcomes[done].__class__ is Done:
            done += 1
        if done == lane.taken:
            self._settlement.done(lane, done)
            return
        if done:
            self._settlement.finish(lane, done)
        await self._settlement.settle_for(me, lane, outcomes[done])

    async def _after(
        self, error: Exception, me: Worker, lanes: list[Lane], items: Sequence[_Item]
    ) -> list[_Said]:
        """Outcomes after the call for these has failed. What stands behind a failure has none."""
        if isinstance(error, Retryable):
            return [(item, outcome_of(error)) for item in items]
        if len(items) == 1:
            return [(items[0], _outcome_of(error))]
        half = len(items) // 2
        first = await self._attempt(me, lanes, items[:half])
        held_up = {lane for (lane, _), outcome in first if not isinstance(outcome, Done)}
        second = [item for item in items[half:] if item[0] not in held_up]
        return first + (await self._attempt(me, lanes, second) if second else [])

    async def _attempt(self, me: Worker, lanes: list[Lane], items: Sequence[_Item]) -> list[_Said]:
        try:
            outcomes = await self._call(me, lanes, [record for _, record in items])
        except Lost:
            raise
        except Exception as error:  # noqa: BLE001 - the record that fails alone is told so
            return await self._after(error, me, lanes, items)
        return list(zip(items, outcomes, strict=True))

    async def _call(
        self, me: Worker, lanes: list[Lane], records: list[Record]
    ) -> Sequence[Outcome]:
        said: object = None
        self._workers.begin(me, lanes)
        try:
            outcomes = await self._batch.handle(records)
            _check(outcomes, records)
            if not _are_all_done(outcomes):
                said = next((o for o in outcomes if isinstance(o, Retry) and o.overloaded), None)
        except asyncio.CancelledError:
            cut = me.take_cut()
            if cut is None:
                if me.is_to_end():
                    raise
                raise StrayCancellation from None
            if cut is Cut.LOST:
                raise Lost from None
            said = cut.outcome()
            raise Interrupted(cut) from None
        except Exception as error:
            said = outcome_of(error)
            raise
        else:
            return outcomes
        finally:
            self._workers.end(me, said)


def _check(outcomes: Sequence[Outcome], records: Sequence[Record]) -> None:
    if len(outcomes) != len(records):
        raise WrongCount(f"{len(outcomes)} outcomes for {len(records)} records")


def _are_all_done(outcomes: Sequence[Outcome]) -> bool:
    return set(map(type, outcomes)) <= {Done}


def _outcome_of(error: Exception) -> Outcome:
    return error.cut.outcome() if isinstance(error, Interrupted) else outcome_of(error)
