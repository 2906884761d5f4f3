"""What tests do to a ledger behind Responder's back, and what the live audit says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.audit import ReceivedIds
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.figures import PostgresFigures
from responder.adapters.postgres.live_audit import LiveAudit
from responder.audit.chain import Head
from responder.audit.ports import Check, Finding, Round
from responder.engagement.events import EngagementReceived
from responder.telemetry.ledger import Figures
from responder.testing.factories import comment, event
from responder.testing.ledger import Bench

TOPIC = "engagement.received"
HELD_ON_TO = ("clock_tick", "clock_step", "due_settled", "draft_version", "response_time")
"""What refers to an engagement."""


def said(name: str) -> EngagementReceived:
    """What came in under this name, in a thread of its own."""
    return comment(name, f"Is {name} there?", thread_id=name)


@dataclass(slots=True)
class Watched:
    bench: Bench
    next_offset: int = 0

    def live(self, *, settling_seconds: float = 0, engine: AsyncEngine | None = None) -> LiveAudit:
        return LiveAudit(
            engine or self.bench.engine,
            settling_seconds=settling_seconds,
            new_seconds=0,
            again_seconds=0,
            count_share=0,
        )

    async def came(self, *names: str) -> None:
        """The log held these, and triage took them."""
        comments = [said(name) for name in names]
        await self.received(*comments)
        await self.bench.arrives(*comments)
        await self.sealed()

    async def received(self, *comments: EngagementReceived, first: int | None = None) -> None:
        """The log held these, one behind the other, behind all others or from an offset on."""
        places = list(enumerate(comments, self.next_offset if first is None else first))
        await ReceivedIds(self.bench.engine).record(
            [(event(each), each, TOPIC, 0, offset) for offset, each in places]
        )
        self.next_offset = places[-1][0] + 1

    async def sealed(self) -> None:
        while await self.bench.sealer.seal():
            pass

    async def round(self) -> Round:
        return await self.live().round()

    async def recount(self) -> Round:
        return await self.live().recount()

    async def found(self, check: Check) -> list[Finding]:
        """What a round finds of this check, and nobody was told before."""
        round_ = await (self.recount() if check is Check.COUNT else self.round())
        return [each for each in round_.found if each.check is check]

    async def head(self) -> Head:
        return await self.bench.auditor.head()

    async def sql(self, *statements: str, **values: object) -> list[Mapping[str, Any]]:
        """As somebody with all rights does it; gives the rows of the last query."""
        rows: Sequence[Any] = ()
        async with transaction(self.bench.engine) as connection:
            for statement in statements:
                result = await connection.execute(text(statement), values)
                rows = result.mappings().all() if result.returns_rows else ()
        return [dict(row) for row in rows]

    async def delete(self, name: str, *, past_triggers: bool = False) -> None:
        """Take an engagement out of the ledger, with what holds on to it."""
        there = [row["table"] for row in await self.sql(_TABLES, names=list(HELD_ON_TO))]
        silence = "SET LOCAL session_replication_role = replica"
        await self.sql(
            *([silence] if past_triggers else []),
            *(f"DELETE FROM {table} WHERE engagement_id IN ({_ID})" for table in there),  # noqa: S608 - names of ours
            "DELETE FROM engagement WHERE comment_id = :name",
            name=name,
        )

    async def figures(self) -> Figures:
        bench = self.bench
        return await PostgresFigures(
            bench.engine, workspace=lambda: bench.configuration, capabilities=dict
        ).figures()


_ID = "SELECT id FROM engagement WHERE comment_id = :name"
_TABLES = """
    SELECT relname AS table FROM pg_class
    WHERE relkind = 'r' AND relname = ANY(CAST(:names AS text[]))
    """
