"""What the fixtures promise to every other test."""

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from responder.adapters.postgres.dsn import Dsn
from responder.testing.postgres import TestServer


async def test_a_database_is_empty_and_takes_both_kinds_of_url(database: Dsn) -> None:
    connection = await asyncpg.connect(database.url())
    await connection.execute("CREATE TABLE mine (n int)")
    await connection.close()
    engine = create_async_engine(database.url("postgresql+asyncpg"))
    async with engine.connect() as other:
        tables = await other.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        assert tables.all() == ["mine"]
    await engine.dispose()


async def test_a_template_is_prepared_once_and_its_copies_do_not_touch_each_other(
    postgres_server: TestServer,
) -> None:
    prepared = []

    async def prepare(empty: Dsn) -> None:
        prepared.append(empty)
        connection = await asyncpg.connect(empty.url())
        await connection.execute("CREATE TABLE seed AS SELECT 1 AS n")
        await connection.close()

    counts = []
    for _ in range(2):
        template = await postgres_server.template("seeded", prepare)
        connection = await asyncpg.connect((await postgres_server.fresh(template)).url())
        await connection.execute("INSERT INTO seed VALUES (2)")
        counts.append(await connection.fetchval("SELECT count(*) FROM seed"))
        await connection.close()

    assert (len(prepared), counts) == (1, [2, 2])
