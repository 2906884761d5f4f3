"""The database says: not now. Somebody holds a lock, two transactions deadlock, one is in conflict."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from responder.adapters.postgres.dsn import Dsn
from responder.testing.caller import Caller, calling
from responder.testing.load import Load
from responder.testing.running import Running, eventually, installation
from tests.chaos.rows.kit import (
    CONFIGURATION,
    all_stand_once,
    connected,
    door,
    in_database,
    sending,
    so_many,
    verified,
)

pytestmark = [pytest.mark.fault(12), pytest.mark.promise(5)]

LONG_SECONDS = 60.0
CONFLICTS = 8
FIRST, SECOND = 1, 2
"""Two advisory locks, taken in opposite orders."""
OWN_PATIENCE = "SET deadlock_timeout = '10min'"  # so that the other one is told of the deadlock

IN_CONFLICT = f"""
CREATE SEQUENCE conflicts;
CREATE FUNCTION be_in_conflict() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('conflicts') <= {CONFLICTS} THEN  -- a sequence is not rolled back
    RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER in_conflict BEFORE INSERT ON engagement
  FOR EACH ROW EXECUTE FUNCTION be_in_conflict();
"""
TAKES_BOTH_LOCKS = f"""
CREATE FUNCTION take_both_locks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock({FIRST});
  PERFORM pg_advisory_xact_lock({SECOND});
  RETURN NEW;
END $$;
CREATE TRIGGER takes_both_locks BEFORE INSERT ON engagement
  FOR EACH ROW EXECUTE FUNCTION take_both_locks();
"""


@pytest_asyncio.fixture
async def running(database: Dsn) -> AsyncIterator[Running]:
    settings = {"RESPONDER_DATABASE__URL": database.url()}
    with installation(CONFIGURATION, settings) as running:
        await running.start()
        yield running
        running.kill()


@pytest_asyncio.fixture
async def caller(running: Running) -> AsyncIterator[Caller]:
    async with calling(running) as caller:
        yield caller


async def test_a_transaction_in_conflict_is_made_again_and_nothing_is_lost(
    running: Running, database: Dsn
) -> None:
    async with connected(database) as somebody, sending() as http:
        await somebody.execute(IN_CONFLICT)
        load = Load(door(running), "conflict", http, threads=3)
        await load.push_many(30)
        await all_stand_once(in_database(database), load.acknowledged)
        assert await somebody.fetchval("SELECT last_value FROM conflicts") > CONFLICTS
    await verified(running)


async def test_the_victim_of_a_deadlock_is_made_again_and_nothing_is_lost(
    running: Running, caller: Caller, database: Dsn
) -> None:
    async with connected(database) as somebody:
        await somebody.execute(TAKES_BOTH_LOCKS + OWN_PATIENCE)
        async with somebody.transaction():
            await somebody.execute(f"SELECT pg_advisory_xact_lock({SECOND})")
            await caller.push("crossed", "Who was first at this door?")
            await _somebody_waits(database)
            await somebody.execute(f"SELECT pg_advisory_xact_lock({FIRST})")
        await caller.arrived("Who was first at this door?")
        assert await _deadlocks(database) >= 1
    await all_stand_once(in_database(database), {"crossed"})
    await verified(running)


async def _somebody_waits(database: Dsn) -> None:
    async def waiting() -> int:
        async with connected(database) as other:
            query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            found: int = await other.fetchval(query)
            return found

    await eventually(waiting)


async def _deadlocks(database: Dsn) -> int:
    async def counted() -> int:
        async with connected(database) as other:
            query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            found: int = await other.fetchval(query)
            return found

    return await eventually(counted)


async def test_a_lock_on_one_comment_holds_up_no_other_and_its_edit_is_not_lost(
    running: Running, caller: Caller, database: Dsn
) -> None:
    await caller.push("locked", "Where is the old bridge?")
    await caller.arrived("Where is the old bridge?")
    async with connected(database) as somebody:
        async with somebody.transaction():
            await somebody.execute("SELECT 1 FROM engagement FOR UPDATE")
            await caller.push("locked", "Where is the new bridge?", kind="edited")
            await caller.push("free", "And where is the ferry?")
            await caller.arrived("And where is the ferry?")
        await caller.arrived("Where is the new bridge?")
    await verified(running)


@pytest.mark.chaos
async def test_a_lock_on_the_whole_ledger_is_waited_for_however_long_it_is_held(
    running: Running, database: Dsn
) -> None:
    async with connected(database) as somebody, sending() as http:
        load = Load(door(running), "whole", http)
        async with load.steadily(5):
            await so_many(10, lambda: len(load.acknowledged))
            async with somebody.transaction():
                await somebody.execute("LOCK TABLE engagement IN ACCESS EXCLUSIVE MODE")
                await asyncio.sleep(LONG_SECONDS)  # as long as the row of the matrix says
    assert set(load.statuses) == {202}
    await all_stand_once(in_database(database), load.acknowledged)
    await verified(running)
