from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.token_budget import PostgresTokenBudget
from responder.drafting.ports import TokenBudget
from responder.testing.contracts.token_budget import ALLOWED, TokenBudgetContract
from responder.testing.ledger import migrated
from responder.testing.postgres import TestServer
from responder.testing.token_budget import MemoryTokenBudget


class TestInMemory(TokenBudgetContract):
    @pytest.fixture
    def budget(self) -> TokenBudget:
        return MemoryTokenBudget(ALLOWED)


class TestInPostgres(TokenBudgetContract):
    @pytest_asyncio.fixture
    async def budget(self, postgres_server: TestServer) -> AsyncIterator[TokenBudget]:
        database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
        engine = make_engine(database.url())
        yield PostgresTokenBudget(engine, tokens_per_day=ALLOWED)
        await engine.dispose()
        await postgres_server.drop(database)
