"""A wire to PostgreSQL holds what it is told to, and what is held has happened or it has not."""

import asyncio

import asyncpg
import pytest

from responder.adapters.postgres.dsn import Dsn
from responder.testing.failpoints.gate import Moment
from responder.testing.failpoints.points import Doom, Fate, Points
from responder.testing.failpoints.trap import Spot, Trap, asking, commit_of
from responder.testing.failpoints.wire import PostgresWire

PATIENCE_SECONDS = 60.0


async def count(database: Dsn) -> int:
    connection = await asyncpg.connect(database.url())
    try:
        return int(await connection.fetchval("SELECT count(*) FROM kept"))
    finally:
        await connection.close()


async def keep(database: Dsn) -> None:
    """One row, in a transaction."""
    connection = await asyncpg.connect(database.url())
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO kept VALUES ($1)", "a row")
    finally:
        connection.terminate()


async def make(database: Dsn) -> None:
    connection = await asyncpg.connect(database.url())
    try:
        await connection.execute("CREATE TABLE kept (what text)")
    finally:
        await connection.close()


@pytest.mark.parametrize(("moment", "kept"), [(Moment.BEFORE, 0), (Moment.AFTER, 1)])
async def test_a_commit_that_is_held_before_has_not_happened_and_after_has(
    database: Dsn, moment: Moment, kept: int
) -> None:
    await make(database)
    trap = Trap()
    async with PostgresWire(database, trap) as wire:
        trap.set(Spot(moment, commit_of("INSERT INTO kept")))
        keeping = asyncio.create_task(keep(wire.dsn))
        await trap.sprung(PATIENCE_SECONDS)
        await wire.cut()
        with pytest.raises((asyncpg.PostgresConnectionError, OSError)):
            await keeping
    assert await count(database) == kept


async def test_what_is_not_caught_passes(database: Dsn) -> None:
    await make(database)
    trap = Trap()
    async with PostgresWire(database, trap) as wire:
        trap.set(Spot(Moment.BEFORE, asking("INSERT INTO kept", "another row")))
        await keep(wire.dsn)
    assert await count(database) == 1


async def test_an_answer_that_is_lost_leaves_its_effect_and_the_wire_goes_on(
    database: Dsn,
) -> None:
    await make(database)
    points = Points()
    async with PostgresWire(database, points) as wire:
        points.begin()
        await keep(wire.dsn)
        (commit,) = [each for each in points.passed if each.moment is Moment.AFTER]
        points.begin(Doom(commit.number, Fate.LOSES_ANSWER))
        with pytest.raises((asyncpg.PostgresConnectionError, OSError)):
            await keep(wire.dsn)
        points.begin()
        await keep(wire.dsn)
    assert await count(database) == 3
