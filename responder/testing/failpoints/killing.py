"""A whole Responder whose database is at the end of a wire, killed with -9 where it is held.

The product has no switch for this and knows nothing of it: its PostgreSQL is elsewhere, as
RESPONDER_DATABASE__URL says.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp
import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.leases import end_leases
from responder.adapters.postgres.log.claims import release_all
from responder.app.database import small_engine
from responder.engagement.lifecycle import State
from responder.review.ports import DraftState
from responder.testing.caller import Caller, calling
from responder.testing.failpoints.trap import Spot, Trap
from responder.testing.failpoints.wire import PostgresWire
from responder.testing.running import Running, installation
from responder.web.api.models import Engagement, EngagementList, EngagementSummary

OK = 200
PAUSE_SECONDS = 0.2


def answer_to(question: str) -> str:
    """What the person says to it."""
    return f"You ask: {question} All of us."


@dataclass(frozen=True, slots=True)
class Killable:
    """One installation, not started yet."""

    running: Running
    trap: Trap
    database: Dsn
    """Past the wire."""
    _wire: PostgresWire

    async def killed_at(self, spot: Spot, *, within: float) -> None:
        """It starts, comes there, with a person who approves every draft, and is no more.

        Raises:
            TimeoutError: it does not come there; it is no more all the same.
        """
        self.trap.set(spot)
        life = asyncio.create_task(self._live())
        try:
            await self.trap.sprung(within)
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            await self.kill()

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """It has started, and whatever has a draft is approved meanwhile."""
        await self.running.start()
        async with calling(self.running) as caller:
            approving = asyncio.create_task(_approve_drafts(caller))
            try:
                yield
            finally:
                approving.cancel()
                await asyncio.gather(approving, return_exceptions=True)

    async def answered(self, questions: Iterable[str]) -> None:
        """Wait until each of these is."""
        async with calling(self.running) as caller:
            for question in questions:
                await caller.arrived(question, state="answered")

    async def kill(self) -> None:
        """With -9; and no lease of the dead is waited for."""
        self.running.kill()
        await self._wire.cut()
        async with small_engine(self.database.url()) as engine:
            await end_leases(engine)
            await _a_minute_passes(engine)
        connection = await asyncpg.connect(self.database.url())
        try:
            await release_all(connection)
        finally:
            await connection.close()

    async def _live(self) -> None:
        async with self.living():
            await asyncio.Event().wait()

    async def drafts(self) -> set[int]:
        """How many drafts comments have."""
        async with small_engine(self.database.url()) as engine, transaction(engine) as connection:
            counted = await connection.execute(
                text("""
                    SELECT DISTINCT count(d.version) FROM engagement e
                    LEFT JOIN draft_version d ON d.engagement_id = e.id GROUP BY e.id
                    """)
            )
            return set(counted.scalars())


@asynccontextmanager
async def killable(configuration: str, database: Dsn) -> AsyncIterator[Killable]:
    """With this `responder.toml`, on an empty database."""
    trap = Trap()
    async with PostgresWire(database, trap) as wire:
        settings = {"RESPONDER_DATABASE__URL": wire.dsn.url()}
        with installation(configuration, settings) as running:
            yield Killable(running, trap, database, wire)


async def _a_minute_passes(engine: AsyncEngine) -> None:
    """As far as open attempts go: nobody is in the middle of them any more."""
    async with transaction(engine) as connection:
        await connection.execute(
            text("""
                UPDATE delivery_attempt SET started_at = started_at - interval '1 minute'
                WHERE outcome IS NULL
                """)
        )
        await connection.execute(
            text("""
                UPDATE delivery_job SET next_at = next_at - interval '1 minute'
                WHERE next_at IS NOT NULL
                """)
        )


async def _approve_drafts(caller: Caller) -> None:
    """Until cancelled. Who is held may not answer, or say that it cannot."""
    while True:
        with suppress(aiohttp.ClientError, TimeoutError):
            shown = await caller.api("GET", "/engagements?limit=200&state=open")
            if shown.status == OK:
                page = EngagementList.model_validate_json(shown.body)
                await _approve([row for row in page.items if _has_draft(row)], caller)
        await asyncio.sleep(PAUSE_SECONDS)


def _has_draft(row: EngagementSummary) -> bool:
    return row.state is State.AWAITING_REVIEW and row.draft_state is not DraftState.WAITING


async def _approve(rows: Iterable[EngagementSummary], caller: Caller) -> None:
    for row in rows:
        item = await caller.api("GET", f"/engagements/{row.id}")
        if item.status == OK:
            engagement = Engagement.model_validate_json(item.body)
            await caller.approve(engagement, answer_to(engagement.comment.text))
