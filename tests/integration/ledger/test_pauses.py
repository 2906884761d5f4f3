"""A source whose credentials were refused waits, and lets one reply through now and then to see."""

import asyncio

from sqlalchemy import text

from responder.delivery.ports import AttemptOutcome, Job
from responder.testing.factories import comment
from responder.testing.ledger import Bench
from responder.testing.place import Behaviour

LOST_ANSWER = Behaviour(stores=True, answer=AttemptOutcome.UNKNOWN)


async def paused(bench: Bench, *waiting: str, minutes_ago: int) -> None:
    """These replies are due, and the source was paused so long ago."""
    await bench.arrives(*(comment(each, f"{each}: does it work offline?") for each in waiting))
    for each in waiting:
        await bench.approve(each, f"Yes, {each}.")
    await bench.release()
    async with bench.engine.begin() as connection:
        await connection.execute(
            text("""
                INSERT INTO source_state (source, paused, paused_at)
                VALUES ('garden', 'refused', now() - :minutes * interval '1 minute')
                ON CONFLICT (source) DO UPDATE SET paused = 'refused', paused_at = EXCLUDED.paused_at
                """),
            {"minutes": minutes_ago},
        )


async def claim(bench: Bench) -> Job | None:
    return await bench.delivery_work.claim(None, at=bench.clock.now(), lease_seconds=60)


async def test_nothing_is_posted_while_a_source_is_paused(bench: Bench) -> None:
    await paused(bench, "c1", "c2", minutes_ago=14)
    assert await claim(bench) is None


async def test_one_reply_is_let_through_to_see_whether_it_works_again(bench: Bench) -> None:
    await paused(bench, "c1", "c2", minutes_ago=16)
    assert await claim(bench) is not None
    assert await claim(bench) is None


async def test_of_workers_that_look_for_work_at_once_one_lets_a_reply_through(
    bench: Bench,
) -> None:
    """All have chosen a reply of theirs before any can say so: the row that they need is held."""
    await paused(bench, "c1", "c2", "c3", minutes_ago=16)
    async with bench.engine.begin() as holder:
        await holder.execute(text("SELECT 1 FROM source_state WHERE source = 'garden' FOR UPDATE"))
        workers = [asyncio.create_task(claim(bench)) for _ in range(3)]
        async with asyncio.timeout(20), bench.engine.connect() as watcher:
            waiting = text("""
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """)
            while (await watcher.execute(waiting)).scalar_one() < len(workers):
                await watcher.rollback()
    jobs = await asyncio.gather(*workers)
    assert sum(job is not None for job in jobs) == 1
    async with bench.engine.connect() as connection:
        leased = text("SELECT count(*) FROM delivery_job WHERE leased_until IS NOT NULL")
        assert (await connection.execute(leased)).scalar_one() == 1


async def test_a_look_is_no_probe_and_puts_none_off(bench: Bench) -> None:
    bench.place.will([LOST_ANSWER])
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    await bench.delivery.run()  # its answer is lost: now it is looked for
    await paused(bench, "c2", minutes_ago=16)
    look, probe = await claim(bench), await claim(bench)
    assert look is not None
    assert look.comment.comment_id == "c1"
    assert probe is not None
    assert probe.comment.comment_id == "c2"


async def test_another_source_does_not_wait_for_the_paused_one(bench: Bench) -> None:
    await paused(bench, "c1", minutes_ago=1)
    assert await claim(bench) is None
    async with bench.engine.begin() as connection:
        await connection.execute(text("UPDATE delivery_job SET source = 'lake'"))
    assert await claim(bench) is not None
