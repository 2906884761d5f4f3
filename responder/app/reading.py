"""When each source is read, and that no two processes read one at a time."""

from responder.adapters.postgres.turns import turn
from responder.app.places import Places
from responder.engagement.model import SourceId
from responder.engagement.ports import Clock
from responder.reconcile.service import Reconcile


class SourceReader:
    """Reads every source that is due, one after another; of each one reader at a time anywhere."""

    LOCK_CLASS = 0x7263

    def __init__(self, stage: Reconcile, places: Places, dsn: str, clock: Clock) -> None:
        """`dsn` is direct, not through a pooler."""
        self._stage = stage
        self._places = places
        self._dsn = dsn
        self._clock = clock
        self._due: dict[SourceId, float] = {}

    async def tick(self) -> bool:
        """Read what is due; tells whether a source had more than one reading takes."""
        has_more = False
        for source in self._stage.sources:
            if self._clock.monotonic() >= self._due.get(source, 0.0):
                has_more = await self._read(source) or has_more
        return has_more

    async def _read(self, source: SourceId) -> bool:
        wait = self._places.poll_seconds.get(source, 60.0)
        self._due[source] = self._clock.monotonic() + wait
        async with turn(self._dsn, lock_class=self.LOCK_CLASS, name=source) as is_ours:
            if not is_ours:
                return False
            ended = await self._stage.pass_once(source)
        if ended.is_ok and not ended.is_whole:
            self._due[source] = self._clock.monotonic()
            return True
        if ended.wait_seconds is not None:
            self._due[source] = self._clock.monotonic() + max(wait, ended.wait_seconds)
        return False
