"""A process that stands still in the middle of a transaction (SIGSTOP, a paused machine)."""

import asyncio

import pytest
from sqlalchemy import text

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine, transaction
from responder.engagement.errors import Unavailable

LOCK = text("SELECT pg_advisory_xact_lock(1)")


@pytest.mark.fault(21)
async def test_its_locks_are_free_after_a_while_and_nothing_of_it_is_committed(
    database: Dsn,
) -> None:
    frozen, living = make_engine(database.url(), idle_seconds=0.3), make_engine(database.url())
    async with transaction(living) as connection:
        await connection.execute(text("CREATE TABLE written (number int)"))

    async def stand_still() -> None:
        async with transaction(frozen) as zombie:
            await zombie.execute(LOCK)
            await zombie.execute(text("INSERT INTO written VALUES (1)"))
            async with asyncio.timeout(30), transaction(living) as connection:
                await connection.execute(LOCK)

    with pytest.raises(Unavailable):
        await stand_still()
    async with transaction(living) as connection:
        assert (await connection.execute(text("SELECT number FROM written"))).all() == []
    await frozen.dispose()
    await living.dispose()
