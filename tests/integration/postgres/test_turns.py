"""One process at a time reads a source, whatever becomes of it."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence

import pytest

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.migrate import migrate
from responder.adapters.postgres.sources import PostgresCursors
from responder.adapters.postgres.turns import turn
from responder.app.places import Places
from responder.app.reading import SourceReader
from responder.app.tables import IssoTable
from responder.engagement.errors import Unavailable
from responder.engagement.events import Event
from responder.engagement.model import SourceId
from responder.reconcile.ports import PolledPage
from responder.reconcile.service import Reconcile
from responder.testing.ledger import MovedClock

BLOG, NEWS = SourceId("blog"), SourceId("news")


async def is_free(dsn: str, name: str = "blog") -> bool:
    async with turn(dsn, lock_class=1, name=name) as is_ours:
        return is_ours


async def test_a_turn_is_had_by_one_at_a_time_and_then_by_the_next(database: Dsn) -> None:
    async with turn(database.url(), lock_class=1, name="blog") as is_ours:
        assert is_ours
        assert not await is_free(database.url())
        assert await is_free(database.url(), "another")
    assert await is_free(database.url())


async def test_a_turn_ends_when_what_is_done_in_it_fails(database: Dsn) -> None:
    with pytest.raises(RuntimeError):
        async with turn(database.url(), lock_class=1, name="blog"):
            raise RuntimeError
    assert await is_free(database.url())


async def test_a_process_that_is_killed_loses_its_turn(database: Dsn) -> None:
    with subprocess.Popen(  # noqa: ASYNC220, S603 - the command is ours
        [sys.executable, "-m", "tests.integration.postgres.turn_run", database.url(), "blog"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert (await asyncio.to_thread(holder.stdout.readline)).strip() == "True"
        assert not await is_free(database.url())
        holder.kill()
    async with asyncio.timeout(30):
        while not await is_free(database.url()):
            pass


async def test_without_a_database_no_turn_begins() -> None:
    with pytest.raises(Unavailable) as away:
        await is_free("postgresql://anybody@127.0.0.1:1/any")
    assert not away.value.counts_as_attempt


async def test_a_turn_whose_session_was_ended_is_left_in_peace(database: Dsn) -> None:
    engine = make_engine(database.url())
    async with turn(database.url(), lock_class=1, name="blog"), engine.connect() as connection:
        await connection.exec_driver_sql(
            "SELECT pg_terminate_backend(l.pid, 10000) FROM pg_locks l"
            " JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND d.datname = current_database()"
        )
    assert await is_free(database.url())
    await engine.dispose()


class Blog:
    """Reads one comment a page; counts how many transactions stand open meanwhile."""

    def __init__(self, database: Dsn) -> None:
        self._engine = make_engine(database.url())
        self.open_transactions: list[int] = []

    async def poll(self, cursor: str | None, _budget: int) -> PolledPage:
        async with self._engine.connect() as connection:
            found = await connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state = 'idle in transaction'"
            )
            self.open_transactions.append(found.scalar_one())
        following = int(cursor or 0) + 1
        return PolledPage(events=(), cursor=str(following), has_more=following < 3)

    async def close(self) -> None:
        await self._engine.dispose()


class Nowhere:
    async def publish(self, events: Sequence[Event]) -> None:
        raise AssertionError(events)


async def test_a_reading_keeps_neither_a_transaction_nor_a_connection_of_the_pool(
    database: Dsn,
) -> None:
    engine, clock, blog = make_engine(database.url(), pool_size=1), MovedClock(), Blog(database)
    await migrate(engine)
    cursors = PostgresCursors(engine)
    stage = Reconcile(platforms={BLOG: blog}, cursors=cursors, sink=Nowhere(), clock=clock)
    reader = SourceReader(stage, Places(), database.url(), clock)
    assert not await reader.tick()
    assert blog.open_transactions == [0, 0, 0]
    assert await cursors.load(BLOG) == "3"
    await blog.close()
    await engine.dispose()


async def test_what_another_process_reads_is_not_read_here(database: Dsn) -> None:
    engine, clock, blog = make_engine(database.url()), MovedClock(), Blog(database)
    await migrate(engine)
    stage = Reconcile(
        platforms={BLOG: blog}, cursors=PostgresCursors(engine), sink=Nowhere(), clock=clock
    )
    here = SourceReader(stage, Places(), database.url(), clock)
    async with turn(database.url(), lock_class=SourceReader.LOCK_CLASS, name=BLOG):
        await here.tick()
    assert blog.open_transactions == []
    clock.forward(61)
    await here.tick()
    assert blog.open_transactions == [0, 0, 0]
    await blog.close()
    await engine.dispose()


async def test_a_source_that_was_changed_is_read_at_once_and_no_other_is(database: Dsn) -> None:
    """It may wait for a minute because of what was wrong in its configuration."""
    engine, clock = make_engine(database.url()), MovedClock()
    await migrate(engine)
    blog, news = Blog(database), Blog(database)
    places = Places(built_of={BLOG: isso("/wrong/"), NEWS: isso("/")})
    stage = Reconcile(
        platforms={BLOG: blog, NEWS: news},
        cursors=PostgresCursors(engine),
        sink=Nowhere(),
        clock=clock,
    )
    reader = SourceReader(stage, places, database.url(), clock)
    await reader.tick()
    places.built_of = {BLOG: isso("/right/"), NEWS: isso("/")}
    await reader.tick()
    await reader.tick()
    assert (len(blog.open_transactions), len(news.open_transactions)) == (4, 3)
    for each in (blog, news):
        await each.close()
    await engine.dispose()


def isso(page: str) -> IssoTable:
    return IssoTable.model_validate(
        {
            "platform": "isso",
            "url": "https://example.org",
            "base_url": "https://comments.example.org",
            "email": "us@example.org",
            "pages": [page],
        }
    )
