"""When each source is read, and that no two processes read one at a time."""

from dataclasses import dataclass

from responder.adapters.postgres.turns import turn
from responder.app import tables
from responder.app.places import Places
from responder.engagement.model import SourceId
from responder.engagement.ports import Clock
from responder.reconcile.service import Reconcile


@dataclass(frozen=True, slots=True)
class _Plan:
    """When a source is read again, as long as it is configured as it was then."""

    at: float
    table: tables.AnySource | None


class SourceReader:
    """Reads every source that is due, one after another; of each one reader at a time anywhere.

    A source that was changed is due at once: what it waited for may have been mended.
    """

    LOCK_CLASS = 0x7263

    def __init__(self, stage: Reconcile, places: Places, dsn: str, clock: Clock) -> None:
        """`dsn` is direct, not through a pooler."""
        self._stage = stage
        self._places = places
        self._dsn = dsn
        self._clock = clock
        self._plans: dict[SourceId, _Plan] = {}

    async def tick(self) -> bool:
        """Read what is due; tells whether a source had more than one reading takes."""
        sources = tuple(self._stage.sources)
        self._plans = {name: plan for name, plan in self._plans.items() if name in sources}
        has_more = False
        for source in sources:
            if self._is_due(source):
                has_more = await self._read(source) or has_more
        return has_more

    def _is_due(self, source: SourceId) -> bool:
        plan = self._plans.get(source)
        if plan is None or plan.table != self._places.built_of.get(source):
            return True
        return self._clock.monotonic() >= plan.at

    async def _read(self, source: SourceId) -> bool:
        table = self._places.built_of.get(source)
        wait = self._places.poll_seconds.get(source, 60.0)
        self._plan(source, table, wait)
        async with turn(self._dsn, lock_class=self.LOCK_CLASS, name=source) as is_ours:
            if not is_ours:
                return False
            ended = await self._stage.pass_once(source)
        if ended.is_ok and not ended.is_whole:
            self._plan(source, table, 0.0)
            return True
        if ended.wait_seconds is not None:
            self._plan(source, table, max(wait, ended.wait_seconds))
        return False

    def _plan(self, source: SourceId, table: tables.AnySource | None, wait: float) -> None:
        self._plans[source] = _Plan(self._clock.monotonic() + wait, table)
