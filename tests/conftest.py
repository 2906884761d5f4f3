"""Fixtures for every test that needs a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from responder.adapters.postgres.dsn import Dsn
from responder.testing.postgres import TestServer, running_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    """One embedded server for the whole run; `.dsn` is its address."""
    with running_server() as server:
        yield server


@pytest_asyncio.fixture
async def database(postgres_server: TestServer) -> AsyncIterator[Dsn]:
    """A fresh empty database; `.url()` for asyncpg, `.url("postgresql+asyncpg")` for SQLAlchemy."""
    fresh = await postgres_server.fresh()
    yield fresh
    await postgres_server.drop(fresh)
