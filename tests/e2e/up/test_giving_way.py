"""Drafting gives way while triage says that it is far behind."""

from responder.testing.caller import calling
from responder.testing.running import Running, eventually

LIMIT = ("responder_stream_concurrency_limit", (("group", "drafting"),))


async def test_drafting_works_on_one_comment_at_a_time_meanwhile(fresh: Running) -> None:
    await fresh.start()
    async with calling(fresh) as caller:

        async def limit() -> float:
            return (await caller.metrics()).get(LIMIT, 0.0)

        await eventually(limit, lambda found: found > 1)
        # As triage in another process would, again and again.
        await fresh.sql(
            "INSERT INTO stage_delay VALUES"
            " ('triage', gen_random_uuid(), 600, now() + interval '1 hour')"
        )
        await eventually(limit, lambda found: found == 1)
        await caller.push("late", "Where is the station?")
        await caller.arrived("Where is the station?")
        await fresh.sql("DELETE FROM stage_delay")
        await eventually(limit, lambda found: found > 1)
