"""Another configuration, and the clocks that run already: shown first, changed when asked for."""

import asyncio
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType

import pytest
from sqlalchemy import text

from responder.adapters.postgres.clocks import keep_terms
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.open_clocks import PAGE, Effect, OpenClocks
from responder.adapters.postgres.recording import lock_engagement
from responder.engagement.clock import all_terms
from responder.engagement.model import Audience, DueOutcome, SourceId, Via
from responder.engagement.workspace import Queue, SlaPolicy, Step, Tier, Workspace
from responder.review.commands import (
    Command,
    LetClockGoOn,
    StopClock,
)
from responder.testing.factories import comment, workspace
from responder.testing.ledger import ANA, Bench, migrated, open_bench
from responder.testing.postgres import TestServer
from responder.testing.running import eventually

CAME = datetime(2026, 3, 4, 12, 0, 1, tzinfo=UTC)
"""When the comments of the factories did; their target is eight hours."""


def with_target(hours: float) -> Workspace:
    policy = SlaPolicy("first-reply", timedelta(hours=hours))
    return workspace(policies=MappingProxyType({"first-reply": policy}))


WITHOUT = workspace(queues=MappingProxyType({"default": Queue("default", "Inbox")}))


def counts(effect: Effect) -> dict[str, int]:
    names = ("earlier", "later", "newly_due", "never_due", "late_at_once", "same_time")
    return {name: count for name in names if (count := getattr(effect, name))}


async def preview(bench: Bench, configuration: Workspace) -> Effect:
    return await OpenClocks(bench.engine).effect(configuration, at=bench.clock.now())


async def change(bench: Bench, configuration: Workspace) -> Effect:
    return await OpenClocks(bench.engine).change(
        configuration, at=bench.clock.now(), actor="operator", reason="a new promise"
    )


async def due(bench: Bench, comment_id: str = "c1") -> datetime | None:
    return (await bench.item(comment_id)).row.due_at


async def test_the_configuration_they_run_under_changes_nothing(bench: Bench) -> None:
    await bench.arrives(comment("c1"), comment("c2"))
    effect = await preview(bench, workspace())
    assert (effect.looked_at, counts(effect)) == (2, {})


@pytest.mark.parametrize(
    ("hours", "after", "counted"),
    [
        (4, 3, {"earlier": 1}),
        (4, 5, {"earlier": 1, "late_at_once": 1}),
        (12, 3, {"later": 1}),
    ],
)
async def test_another_target_is_shown_before_it_holds_and_counts_from_the_beginning(
    bench: Bench, hours: int, after: int, counted: dict[str, int]
) -> None:
    await bench.arrives(comment())
    bench.clock.time = CAME + timedelta(hours=after)
    shown = await preview(bench, with_target(hours))
    assert counts(shown) == counted
    assert await due(bench) == CAME + timedelta(hours=8)
    done = await change(bench, with_target(hours))
    assert (counts(done), done.first) == (counted, shown.first)
    assert await due(bench) == CAME + timedelta(hours=hours)


async def test_what_is_late_at_once_is_recorded_as_missed(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.clock.time = CAME + timedelta(hours=5)
    await change(bench, with_target(4))
    assert await bench.misses.record_due(at=bench.clock.now()) == 1
    assert (await bench.item()).row.due_outcome is DueOutcome.MISSED


async def test_a_change_is_told_where_the_clock_is_explained_and_in_the_record(
    bench: Bench,
) -> None:
    await bench.arrives(comment())
    bench.clock.time = CAME + timedelta(hours=1)
    await change(bench, with_target(4))
    item = await bench.item()
    assert item.due_explained[1] == (
        "On Wed 4 Mar 2026, 13:00 (UTC) other terms were set, by operator: a new promise."
        " The target “first-reply” is 4 h, and every hour counts."
    )
    assert item.history[-1].act == "clock_changed"
    await bench.audited()


async def test_a_second_change_finds_nothing_left(bench: Bench) -> None:
    await bench.arrives(*(comment(f"c{n}") for n in range(1, 8)))
    assert counts(await change(bench, with_target(4))) == {"earlier": 7}
    assert counts(await change(bench, with_target(4))) == {}


async def test_more_than_a_page_of_them_is_changed_whole(bench: Bench) -> None:
    await bench.arrives(*(comment(f"c{n}", thread_id=f"t{n}") for n in range(1, 231)))
    effect = await change(bench, with_target(4))
    assert (effect.looked_at, effect.earlier, len(effect.first)) == (230, 230, 20)


async def test_where_no_target_applies_any_more_nothing_is_due(bench: Bench) -> None:
    await bench.arrives(comment())
    assert counts(await change(bench, WITHOUT)) == {"never_due": 1}
    assert await due(bench) is None
    assert counts(await change(bench, with_target(4))) == {"newly_due": 1}
    assert await due(bench) == CAME + timedelta(hours=4)


async def test_other_terms_with_the_same_due_time_are_kept_too(bench: Bench) -> None:
    await bench.arrives(comment())
    renamed = SlaPolicy("promise", timedelta(hours=8))
    other = replace(
        workspace(),
        policies=MappingProxyType({"promise": renamed}),
        queues=MappingProxyType({"default": Queue("default", "Inbox", "promise")}),
    )
    assert counts(await change(bench, other)) == {"same_time": 1}
    assert "“promise”" in (await bench.item()).due_explained[1]


async def test_steps_that_would_be_taken_at_once_are_shown_before_they_are(bench: Bench) -> None:
    """The due time stays, and yet everything moves: somebody should know before."""
    hurry = Step(name="hurry", offset=timedelta(hours=-7), queue="leads", webhook="pager")
    later = Step(name="later", offset=timedelta(hours=-1), person="Ana")
    policy = SlaPolicy("first-reply", timedelta(hours=8), steps=(hurry, later))
    stepped = workspace(policies=MappingProxyType({"first-reply": policy}))
    await bench.arrives(comment("c1"), comment("c2", thread_id="t2"))
    bench.clock.time = CAME + timedelta(hours=2)
    effect = await preview(bench, stepped)
    assert (counts(effect), effect.steps_at_once) == ({"same_time": 2}, {hurry: 2})
    assert (await change(bench, stepped)).steps_at_once == {hurry: 2}
    assert await bench.steps.take_due(at=bench.clock.now()) == 2
    again = replace(policy, steps=(*policy.steps, Step(name="x", offset=timedelta(hours=3))))
    once_more = workspace(policies=MappingProxyType({"first-reply": again}))
    assert (await preview(bench, once_more)).steps_at_once == {}  # each is taken once


async def test_what_has_ended_is_late_or_was_there_before_us_is_left_alone(bench: Bench) -> None:
    await bench.arrives(comment("ended"), comment("late"), comment("before", via=Via.BACKFILL))
    await bench.dismiss("ended")
    await bench.release()
    bench.clock.time = CAME + timedelta(hours=9)
    await bench.misses.record_due(at=bench.clock.now())
    assert (await change(bench, with_target(12))).looked_at == 0
    assert await due(bench, "late") == CAME + timedelta(hours=8)


async def test_what_is_late_and_not_recorded_yet_stays_late(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.clock.time = CAME + timedelta(hours=9)
    assert (await change(bench, with_target(12))).looked_at == 0
    assert await bench.misses.record_due(at=bench.clock.now()) == 1


async def test_a_clock_that_stands_goes_on_also_where_no_target_applies_any_more(
    bench: Bench,
) -> None:
    await bench.arrives(comment())
    asked = Command(engagement_id=await bench.id_of("c1"), actor=ANA, key=bench.key(), context="")
    await bench.review.stop_clock(StopClock(**asdict(asked), reason="the garden team"))
    await change(bench, WITHOUT)
    await bench.review.let_clock_go_on(LetClockGoOn(**asdict(asked)))
    row = (await bench.item()).row
    assert (row.due_at, row.clock_paused_at) == (None, None)


async def test_who_is_known_as_somebody_else_now_is_shown_and_timed_so(bench: Bench) -> None:
    await bench.arrives(comment())
    tier = Tier(target=timedelta(hours=1), audiences=frozenset({Audience.PRESS}))
    policy = SlaPolicy("first-reply", timedelta(hours=8), tiers=(tier,))
    known = workspace(
        policies=MappingProxyType({"first-reply": policy}),
        audiences=MappingProxyType({(SourceId("garden"), "ann"): Audience.PRESS}),
    )
    assert counts(await preview(bench, known)) == {"earlier": 1}
    await change(bench, known)
    row = (await bench.item()).row
    assert (row.audience, row.due_at) == (Audience.PRESS, CAME + timedelta(hours=1))


async def test_what_is_opened_again_without_a_target_counts_from_then(
    postgres_server: TestServer,
) -> None:
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    async with open_bench(database, WITHOUT) as bench:
        await bench.arrives(comment())
        await bench.dismiss()
        await bench.release()
        bench.clock.time = CAME + timedelta(days=3)
        await bench.reopen()
        assert counts(await change(bench, with_target(4))) == {"newly_due": 1}
        assert await due(bench) == CAME + timedelta(days=3, hours=4)
    await postgres_server.drop(database)


async def test_whoever_keeps_the_same_terms_and_then_wants_a_comment_is_not_in_its_way(
    bench: Bench,
) -> None:
    """As triage does, just after a target was changed: each would wait for the other."""
    await bench.arrives(comment())
    configuration = with_target(4)
    async with transaction(bench.engine) as triage:
        await keep_terms(triage, all_terms(configuration.policies.values()))
        changing = asyncio.create_task(change(bench, configuration))
        await eventually(partial(somebody_waits, bench))
        await lock_engagement(triage, await bench.id_of("c1"))
    assert counts(await changing) == {"earlier": 1}


async def somebody_waits(bench: Bench) -> bool:
    async with transaction(bench.engine) as connection:
        found = await connection.execute(
            text("""
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """)
        )
        return bool(found.scalar_one())


async def test_how_far_it_is_is_told_page_by_page(bench: Bench) -> None:
    await bench.arrives(*(comment(f"c{n}", thread_id=f"t{n}") for n in range(PAGE + 3)))
    told: list[int] = []
    effect = await OpenClocks(bench.engine).change(
        with_target(4), at=bench.clock.now(), actor="operator", reason="shorter", tell=told.append
    )
    assert (effect.earlier, told) == (PAGE + 3, [PAGE, PAGE + 3])
    await bench.audited()
