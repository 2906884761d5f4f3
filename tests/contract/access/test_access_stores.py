from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from responder.access.ports import AccessStore
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.people import PostgresPeople
from responder.testing.access import MemoryAccessStore
from responder.testing.contracts.access_store import AccessStoreContract
from responder.testing.ledger import migrated
from responder.testing.postgres import TestServer


class TestInMemory(AccessStoreContract):
    @pytest.fixture
    def store(self) -> AccessStore:
        return MemoryAccessStore()


class TestInPostgres(AccessStoreContract):
    @pytest_asyncio.fixture
    async def store(self, postgres_server: TestServer) -> AsyncIterator[AccessStore]:
        database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
        engine = make_engine(database.url())
        yield PostgresPeople(engine)
        await engine.dispose()
        await postgres_server.drop(database)
