from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.guestbook import GUESTBOOK_SCHEMA_SQL, PostgresGuestbook
from responder.adapters.system import SystemClock, SystemIds
from responder.testing.contracts.guestbook_store import GuestbookStoreContract
from responder.testing.guestbook import MemoryGuestbook


class TestMemoryGuestbook(GuestbookStoreContract):
    @pytest.fixture
    def store(self) -> MemoryGuestbook:
        return MemoryGuestbook()


class TestPostgresGuestbook(GuestbookStoreContract):
    @pytest.fixture
    async def store(self, database: Dsn) -> AsyncIterator[PostgresGuestbook]:
        engine = make_engine(database.url())
        async with engine.begin() as tx:
            for statement in GUESTBOOK_SCHEMA_SQL:
                await tx.execute(text(statement))
        yield PostgresGuestbook(engine, ids=SystemIds(SystemClock()))
        await engine.dispose()
