"""A database with this version's schema, and the settings of a command that uses it."""

from pathlib import Path

import pytest
import pytest_asyncio

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.migrate import migrate
from responder.app.admin import Admin
from responder.settings import Settings
from responder.testing.postgres import TestServer


async def _prepare(dsn: Dsn) -> None:
    engine = make_engine(dsn.url())
    await migrate(engine)
    await engine.dispose()


@pytest_asyncio.fixture
async def ledger(postgres_server: TestServer) -> Dsn:
    return await postgres_server.fresh(await postgres_server.template("cli", _prepare))


@pytest.fixture
def settings(ledger: Dsn, tmp_path: Path) -> Settings:
    chosen = {"database": {"url": ledger.url()}, "data": {"dir": tmp_path}}
    return Settings.model_validate(chosen)


@pytest.fixture
def admin(settings: Settings) -> Admin:
    return Admin(settings, {})
