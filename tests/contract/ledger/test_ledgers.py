"""The ledger's ports, on the twin in memory and on PostgreSQL: one contract."""

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from responder.adapters.postgres.dead_letters import DeadLetterRows
from responder.adapters.postgres.drafts import PostgresDraftingLedger
from responder.adapters.postgres.review import PostgresReviewWork
from responder.adapters.postgres.triage import PostgresTriageWork
from responder.delivery.ports import AttemptOutcome
from responder.engagement.lifecycle import State
from responder.engagement.model import EngagementId, ReplyId
from responder.testing.contracts.ledger import LedgerContract
from responder.testing.contracts.ledger_bench import LedgerUnderTest, Ports, WatchedPlace
from responder.testing.contracts.ledger_delivery import LedgerDeliveryContract
from responder.testing.ledger import Bench, migrated, open_bench
from responder.testing.postgres import TestServer
from responder.testing.twin.bench import twin_under_test


class TestTwin(LedgerContract, LedgerDeliveryContract):
    @pytest.fixture
    def ledger(self) -> LedgerUnderTest:
        return twin_under_test()


class TestPostgres(LedgerContract, LedgerDeliveryContract):
    @pytest_asyncio.fixture
    async def ledger(self, postgres_server: TestServer) -> AsyncIterator[LedgerUnderTest]:
        database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
        async with open_bench(database) as bench:
            yield _under_test(bench)
        await postgres_server.drop(database)


def _under_test(bench: Bench) -> LedgerUnderTest:
    configuration = bench.configuration
    ports = Ports(
        triage=PostgresTriageWork(bench.engine),
        review=PostgresReviewWork(bench.engine, bench.desk, workspace=lambda: configuration),
        delivery=bench.delivery_work,
        drafting=PostgresDraftingLedger(
            bench.engine, workspace=lambda: configuration, capabilities=dict
        ),
        releases=bench.releases,
        letters=DeadLetterRows(bench.engine),
        letter_desk=bench.dead_letters,
        view=PostgresView(bench),
    )
    place = WatchedPlace(bench.clock)
    return LedgerUnderTest(ports, clock=bench.clock, place=place, workspace=configuration)


class PostgresView:
    """Reads the tables by SQL."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def id_of(self, comment_id: str) -> EngagementId:
        return await self._bench.id_of(comment_id)

    async def states(self) -> dict[str, State]:
        return await self._bench.states()

    async def context(self, comment_id: str) -> str:
        return (await self._bench.item(comment_id)).context

    async def acts(self, comment_id: str) -> list[str]:
        return await self._of(
            "SELECT act FROM audit_entry WHERE engagement_id = :id ORDER BY id", comment_id
        )

    async def told(self) -> list[str]:
        rows = await self._read("SELECT headers FROM outbox ORDER BY id")
        return [_type_of(headers) for headers in rows]

    async def attempts(self, comment_id: str) -> list[AttemptOutcome | None]:
        found = await self._of(
            """SELECT outcome FROM delivery_attempt JOIN decision ON id = reply_id
               WHERE engagement_id = :id ORDER BY started_at, attempt""",
            comment_id,
        )
        return [None if each is None else AttemptOutcome(each) for each in found]

    async def keys(self, comment_id: str) -> list[str]:
        return await self._of(
            """SELECT idempotency_key FROM delivery_attempt JOIN decision ON id = reply_id
               WHERE engagement_id = :id ORDER BY started_at, attempt""",
            comment_id,
        )

    async def decisions(self, comment_id: str) -> list[str]:
        return await self._of(
            "SELECT status FROM decision WHERE engagement_id = :id ORDER BY made_at", comment_id
        )

    async def reply_id(self, comment_id: str) -> ReplyId:
        found = await self._of(
            "SELECT id FROM decision WHERE engagement_id = :id ORDER BY made_at", comment_id
        )
        return ReplyId(found[-1])

    async def drafts(self, comment_id: str) -> list[str | None]:
        return await self._of(
            "SELECT text FROM draft_version WHERE engagement_id = :id ORDER BY version", comment_id
        )

    async def letters(self) -> list[str]:
        return await self._read("SELECT status FROM dead_letter ORDER BY id")

    async def next_step_at(self) -> datetime | None:
        found: list[datetime | None] = await self._read("SELECT min(next_at) FROM delivery_job")
        return found[0]

    async def leases_end(self) -> None:
        async with self._bench.engine.begin() as connection:
            await connection.execute(
                text("UPDATE delivery_job SET leased_until = now() - interval '1 second'")
            )
            await connection.execute(
                text("UPDATE inbox SET lease_until = now() WHERE state = 'claimed'")
            )

    async def _of(self, statement: str, comment_id: str) -> list[Any]:
        return await self._read(statement, id=await self.id_of(comment_id))

    async def _read(self, statement: str, **values: object) -> list[Any]:
        async with self._bench.engine.connect() as connection:
            return list((await connection.execute(text(statement), values)).scalars())


def _type_of(headers: list[list[str]]) -> str:
    return base64.b64decode(dict(headers)["ce_type"]).decode()
