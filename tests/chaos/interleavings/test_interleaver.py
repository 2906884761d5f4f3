"""The interleaver itself: it finds what an order can break, and goes the same way again."""

import random
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine, transaction
from responder.engagement.errors import Unavailable
from responder.testing.interleaving import Interleaver, Passed
from tests.chaos.interleavings.stories import STORIES, Story
from tests.chaos.interleavings.telling import Theatre

SEEDS = 20
Work = Callable[[AsyncConnection], Awaitable[object]]


async def counted(database: Dsn, *works: Work) -> list[int]:
    """What a counter stands at, for each seed, after all of these at once."""
    engine = make_engine(database.url())
    try:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE counter (id int PRIMARY KEY, n int)"))
        async with Interleaver(engine) as stage:
            found = []
            for seed in range(SEEDS):
                async with engine.begin() as connection:
                    await connection.execute(text("TRUNCATE counter"))
                    await connection.execute(text("INSERT INTO counter VALUES (1, 0), (2, 0)"))

                async def act(work: Work) -> None:
                    async with transaction(engine) as connection:
                        await work(connection)

                acts = {f"{n}": (lambda work=work: act(work)) for n, work in enumerate(works)}
                await stage.run(acts, random.Random(seed), [])  # noqa: S311 - no secret
                async with engine.connect() as connection:
                    total = await connection.execute(text("SELECT sum(n) FROM counter"))
                    found.append(int(total.scalar_one()))
            return found
    finally:
        await engine.dispose()


async def reads_and_writes(connection: AsyncConnection, lock: str = "") -> None:
    found = await connection.execute(
        text(f"SELECT n FROM counter WHERE id = 1 {lock}")  # noqa: S608 - words of ours
    )
    values = {"n": found.scalar_one() + 1}
    await connection.execute(text("UPDATE counter SET n = :n WHERE id = 1"), values)


async def locks_reads_and_writes(connection: AsyncConnection) -> None:
    await reads_and_writes(connection, lock="FOR UPDATE")


async def test_an_update_that_can_be_lost_is_lost_in_some_order(database: Dsn) -> None:
    totals = await counted(database, *[reads_and_writes] * 3)
    assert min(totals) < 3


async def test_whoever_waits_for_a_lock_is_passed_over_until_it_is_free(database: Dsn) -> None:
    assert set(await counted(database, *[locks_reads_and_writes] * 4)) == {4}


async def test_two_who_wait_for_each_other_are_told_apart_by_the_database(database: Dsn) -> None:
    def takes(first: int, second: int) -> Work:
        async def work(connection: AsyncConnection) -> None:
            for each in (first, second):
                statement = text("UPDATE counter SET n = n + 1 WHERE id = :id")
                await connection.execute(statement, {"id": each})

        return work

    with pytest.raises(Unavailable, match="40P01"):
        await counted(database, takes(1, 2), takes(2, 1))


@pytest.mark.parametrize("story", STORIES[::4], ids=lambda story: story.name)
async def test_the_same_seed_goes_the_same_way(theatre: Theatre, story: Story) -> None:
    async def told(name: str) -> list[Passed]:
        case = await theatre.tell(story, SEEDS, name=name)
        return [Passed(each.actor, each.what.replace(name, "")) for each in case.passed]

    assert await told("first-telling") == await told("other-telling")
