"""When each source is read, and that no two processes read one at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.app.places import Places
from responder.engagement.model import SourceId
from responder.engagement.ports import Clock
from responder.reconcile.service import Reconcile

LOCK_CLASS = 0x7263


class SourceReader:
    """Reads every source that is due, one after another; of each one reader at a time anywhere."""

    def __init__(self, stage: Reconcile, places: Places, engine: AsyncEngine, clock: Clock) -> None:
        self._stage = stage
        self._places = places
        self._engine = engine
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
        async with self._alone(source) as is_alone:
            if not is_alone:
                return False
            ended = await self._stage.pass_once(source)
        if ended.is_ok and not ended.is_whole:
            self._due[source] = self._clock.monotonic()
            return True
        if ended.wait_seconds is not None:
            self._due[source] = self._clock.monotonic() + max(wait, ended.wait_seconds)
        return False

    @asynccontextmanager
    async def _alone(self, source: SourceId) -> AsyncIterator[bool]:
        """Another process may have the same role: its lock, on a transaction, ends with it."""
        async with transaction(self._engine) as connection:
            locked = await connection.execute(
                text("SELECT pg_try_advisory_xact_lock(:class, hashtext(:source))"),
                {"class": LOCK_CLASS, "source": source},
            )
            yield bool(locked.scalar_one())
