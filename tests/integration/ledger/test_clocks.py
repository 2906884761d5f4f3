"""Clocks in the ledger: what happened to each is kept, and its due time is what that gives."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import text

from responder.adapters.postgres.clocks import ticks_of
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.migrations.versions import v0_1_12_pre_clocks
from responder.adapters.postgres.open_clocks import OpenClocks
from responder.engagement.clock import ClockAct, ClockRefuses, Tick, folded
from responder.engagement.model import Audience, DueOutcome, EngagementId, SourceId, Urgency, Via
from responder.engagement.typed import UnusableReason
from responder.engagement.workspace import OfficeHours, Queue, Route, SlaPolicy, Step, Tier
from responder.review.commands import (
    Command,
    LetClockGoOn,
    StopClock,
)
from responder.testing.factories import NOON, comment, workspace
from responder.testing.ledger import ANA, Bench, migrated, open_bench
from responder.testing.postgres import TestServer

NINE_TO_FIVE = OfficeHours(
    "office", ZoneInfo("UTC"), MappingProxyType(dict.fromkeys(range(5), ((time(9), time(17)),)))
)
POLICY = SlaPolicy(
    "working-day",
    timedelta(hours=8),
    NINE_TO_FIVE,
    (
        Tier(target=timedelta(hours=1), audiences=frozenset({Audience.PRESS})),
        Tier(target=timedelta(hours=2), urgencies=frozenset({Urgency.NOW})),
    ),
    may_be_stopped=True,
    steps=(
        Step(name="soon", offset=timedelta(hours=-1)),
        Step(name="leads", offset=timedelta(minutes=30), queue="leads"),
    ),
)
CONFIGURATION = workspace(
    policies=MappingProxyType({"working-day": POLICY}),
    queues=MappingProxyType(
        {
            "default": Queue("default", "Inbox", "working-day"),
            "partners": Queue("partners", "Partners"),
            "leads": Queue("leads", "Leads"),
        }
    ),
    routes=(Route("partners", audiences=frozenset({Audience.PARTNER})),),
    audiences=MappingProxyType(
        {
            (SourceId("garden"), "reporter"): Audience.PRESS,
            (SourceId("garden"), "seedsman"): Audience.PARTNER,
        }
    ),
)
"""NOON is a Wednesday."""


@pytest_asyncio.fixture
async def bench(postgres_server: TestServer) -> AsyncIterator[Bench]:
    template = await postgres_server.template("ledger", migrated)
    database = await postgres_server.fresh(template)
    async with open_bench(database, configuration=CONFIGURATION) as opened:
        yield opened
    await postgres_server.drop(database)


async def ticks(bench: Bench, comment_id: str = "c1") -> list[Tick]:
    async with transaction(bench.engine) as connection:
        return await ticks_of(connection, await bench.id_of(comment_id))


async def command(bench: Bench) -> Command:
    engagement_id = await bench.id_of("c1")
    return Command(engagement_id=engagement_id, actor=ANA, key=bench.key(), context="")


async def stops(bench: Bench, reason: str = "the legal department looks at it") -> None:
    asked = await command(bench)
    await bench.review.stop_clock(StopClock(**asdict(asked), reason=reason))


async def goes_on(bench: Bench) -> None:
    await bench.review.let_clock_go_on(LetClockGoOn(**asdict(await command(bench))))


async def due(bench: Bench, comment_id: str = "c1") -> datetime | None:
    return (await bench.item(comment_id)).row.due_at


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """In March 2026; the 4th is a Wednesday."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


async def outcome(bench: Bench) -> DueOutcome | None:
    return (await bench.item()).row.due_outcome


async def test_a_comment_starts_its_clock_when_it_came(bench: Bench) -> None:
    await bench.arrives(comment())
    [started] = await ticks(bench)
    assert (started.act, started.at) == (ClockAct.STARTED, NOON + timedelta(seconds=1))
    assert await due(bench) == folded([started]).due_at == at(5, 12, 0, 1)


@pytest.mark.parametrize(
    ("author", "audience", "queue", "due_at"),
    [
        ("ann", Audience.UNKNOWN, "default", at(5, 12, 0, 1)),
        ("reporter", Audience.PRESS, "default", at(4, 13, 0, 1)),
        ("seedsman", Audience.PARTNER, "partners", None),
    ],
)
async def test_who_writes_decides_queue_and_target(
    bench: Bench, author: str, audience: Audience, queue: str, due_at: datetime | None
) -> None:
    await bench.arrives(comment(author={"id": author, "name": "Somebody"}))
    row = (await bench.item()).row
    assert (row.audience, row.queue, row.due_at) == (audience, queue, due_at)


async def test_what_nobody_is_due_an_answer_for_has_no_clock(bench: Bench) -> None:
    await bench.arrives(comment(via=Via.BACKFILL))
    assert await ticks(bench) == []
    assert await due(bench) is None
    assert (await bench.item()).due_explained == (
        "No target applies to it, so no reply is due by any time.",
    )


async def test_what_is_open_again_has_its_whole_time_in_office_hours(bench: Bench) -> None:
    """Not as long as it had at first by the calendar: that was a night longer."""
    await bench.arrives(comment())
    await bench.dismiss()
    await bench.release()
    bench.clock.time = at(6, 16)  # a Friday
    await bench.reopen()
    assert await due(bench) == at(9, 16)
    assert [each.act for each in await ticks(bench)] == [ClockAct.STARTED, ClockAct.RESTARTED]
    assert await outcome(bench) is None


async def test_a_clock_that_stands_is_not_missed(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.clock.time = at(4, 15)
    await stops(bench)
    bench.clock.time = at(11, 15)
    assert await bench.misses.record_due(at=bench.clock.now()) == 0
    assert await outcome(bench) is None
    await goes_on(bench)
    assert await due(bench) == at(12, 12, 0, 1)
    assert await bench.misses.record_due(at=at(12, 12, 0, 2)) == 1
    assert await outcome(bench) is DueOutcome.MISSED


async def test_what_is_answered_while_its_clock_stands_is_met(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.clock.time = at(4, 15)
    await stops(bench)
    bench.clock.time = at(11, 15)
    await bench.approve()
    await bench.release()
    await bench.deliver()
    assert await outcome(bench) is DueOutcome.MET


async def test_what_is_late_cannot_be_stopped(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.clock.time = at(6, 15)
    with pytest.raises(ClockRefuses, match="late already"):
        await stops(bench)


async def test_a_clock_that_stands_is_not_in_front_of_those_that_run(bench: Bench) -> None:
    await bench.arrives(comment("c1"), comment("c2", thread_id="t2"))
    await stops(bench)
    assert await bench.queue() == ["c2", "c1"]
    await goes_on(bench)
    assert await bench.queue() == ["c1", "c2"]


async def test_a_clock_that_runs_cannot_go_on_and_one_that_stands_cannot_stop(bench: Bench) -> None:
    await bench.arrives(comment())
    with pytest.raises(ClockRefuses, match="it runs"):
        await goes_on(bench)
    await stops(bench)
    with pytest.raises(ClockRefuses, match="it stands already"):
        await stops(bench)
    assert len(await ticks(bench)) == 2


async def test_a_clock_is_stopped_only_for_a_reason(bench: Bench) -> None:
    await bench.arrives(comment())
    with pytest.raises(UnusableReason, match="it needs a reason"):
        await stops(bench, "  ")
    with pytest.raises(UnusableReason, match="more than 200"):
        await stops(bench, "x" * 201)
    assert len(await ticks(bench)) == 1


async def test_what_has_ended_has_no_clock_to_stop(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.dismiss()
    await bench.release()
    with pytest.raises(ClockRefuses, match="not open any more"):
        await stops(bench)


async def test_what_is_never_due_has_none_either(bench: Bench) -> None:
    await bench.arrives(comment(via=Via.BACKFILL))
    with pytest.raises(ClockRefuses, match="no target applies"):
        await stops(bench)


async def test_only_a_target_that_says_so_lets_its_clock_be_stopped(
    postgres_server: TestServer,
) -> None:
    strict = SlaPolicy("first-reply", timedelta(hours=8))
    configuration = workspace(policies=MappingProxyType({"first-reply": strict}))
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    async with open_bench(database, configuration) as bench:
        await bench.arrives(comment())
        with pytest.raises(ClockRefuses, match="its target does not allow that"):
            await stops(bench)
    await postgres_server.drop(database)


async def test_every_act_on_a_clock_is_in_the_record_of_changes(bench: Bench) -> None:
    await bench.arrives(comment())
    await stops(bench)
    await goes_on(bench)
    acts = [entry.act for entry in (await bench.item()).history]
    assert acts[-2:] == ["clock_paused", "clock_resumed"]
    await bench.audited()


async def test_every_stored_due_time_is_what_its_ticks_give(bench: Bench) -> None:
    await bench.arrives(*(comment(f"c{n}") for n in range(1, 4)))
    bench.clock.time = at(4, 15)
    await stops(bench)
    bench.clock.time = at(5, 10)
    await goes_on(bench)
    await bench.dismiss()
    await bench.release()
    bench.clock.time = at(9, 10)
    await bench.reopen()
    async with transaction(bench.engine) as connection:
        for row in (await connection.execute(text("SELECT id, due_at FROM engagement"))).all():
            kept = await ticks_of(connection, EngagementId(row.id))
            assert folded(kept).due_at == row.due_at


async def test_why_it_is_due_then_is_told_step_by_step(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.clock.time = at(4, 15)
    await stops(bench)
    bench.clock.time = at(5, 11)
    await goes_on(bench)
    assert (await bench.item()).due_explained == (
        (
            "It came on Wed 4 Mar 2026, 12:00 (UTC). The target “working-day” is 8 h, and the hours"
            " “office” count: Mon-Fri 09:00-17:00 (UTC)."
        ),
        (
            "On Wed 4 Mar 2026, 15:00 (UTC) the clock was stopped, by somebody: the legal department"
            " looks at it."
        ),
        "On Thu 5 Mar 2026, 11:00 (UTC) it went on, by somebody.",
        "Wed 4 Mar 2026: 12:00-15:00 counts 3 h (3 h of 8 h).",
        "Thu 5 Mar 2026: 11:00-16:00 counts 5 h (8 h of 8 h).",
        "So a public reply is due by Thu 5 Mar 2026, 16:00 (UTC).",
        "While there is none: step “soon” by Thu 5 Mar 2026, 15:00 (UTC).",
        (
            "While there is none: step “leads” by Thu 5 Mar 2026, 16:30 (UTC), and it goes to the"
            " queue “leads”."
        ),
    )


async def test_terms_that_many_clocks_run_under_are_kept_once(bench: Bench) -> None:
    await bench.arrives(*(comment(f"c{n}") for n in range(1, 6)))
    await bench.arrives(comment("c6"))
    async with transaction(bench.engine) as connection:
        kept = await connection.execute(text("SELECT count(*) FROM sla_terms"))
        assert kept.scalar_one() == 1


# --- Steps before and after it is due --------------------------------------------------------------


async def steps_taken(bench: Bench, *times: datetime) -> list[int]:
    return [await bench.steps.take_due(at=each) for each in times]


async def acts(bench: Bench) -> list[tuple[str, str | None]]:
    """What its clock did."""
    history = (await bench.item()).history
    return [(each.act, each.reason) for each in history if each.actor == "clock"]


async def test_a_step_is_taken_once_at_its_time(bench: Bench) -> None:
    await bench.arrives(comment())
    before, then = at(5, 11), at(5, 11, 0, 1)
    assert await steps_taken(bench, before, then, then, at(5, 12)) == [0, 1, 0, 0]
    assert await acts(bench) == [("step_taken", "step soon")]
    await bench.audited()


async def test_a_step_may_put_it_into_another_queue(bench: Bench) -> None:
    await bench.arrives(comment())
    assert await steps_taken(bench, at(5, 12, 30, 1)) == [2]
    assert (await bench.item()).row.queue == "leads"
    assert await acts(bench) == [("step_taken", "step soon"), ("escalated", "step leads, to leads")]
    assert await due(bench) == at(5, 12, 0, 1)  # another queue is no other promise


async def test_what_is_answered_takes_no_step(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    await bench.deliver()
    assert await steps_taken(bench, at(9, 12)) == [0]


async def test_what_a_rule_closed_takes_none_either(bench: Bench) -> None:
    await bench.arrives(comment(text=""))
    assert await steps_taken(bench, at(9, 12)) == [0]


async def test_a_clock_that_stands_takes_no_step_and_goes_on_with_what_is_left(
    bench: Bench,
) -> None:
    await bench.arrives(comment())
    bench.clock.time = at(4, 15)
    await stops(bench)
    assert await steps_taken(bench, at(9, 12)) == [0]
    bench.clock.time = at(9, 15)
    await goes_on(bench)
    assert await steps_taken(bench, at(10, 11), at(10, 11, 0, 1)) == [0, 1]


async def test_a_step_that_was_taken_is_not_taken_again_after_a_stop(bench: Bench) -> None:
    await bench.arrives(comment())
    await steps_taken(bench, at(5, 11, 30))
    bench.clock.time = at(5, 11, 30)
    await stops(bench)
    bench.clock.time = at(6, 11, 30)
    await goes_on(bench)
    assert await steps_taken(bench, at(9, 9)) == [1]
    assert [reason for _, reason in await acts(bench)] == ["step soon", "step leads, to leads"]


async def test_what_is_open_again_takes_all_its_steps_again(bench: Bench) -> None:
    await bench.arrives(comment())
    await steps_taken(bench, at(5, 11, 30))
    bench.clock.time = at(5, 11, 40)
    await bench.dismiss()
    await bench.release()
    bench.clock.time = at(6, 9)
    await bench.reopen()
    assert await steps_taken(bench, at(6, 15), at(6, 16), at(9, 9, 30)) == [0, 1, 1]


async def test_two_that_look_at_once_take_each_step_once(bench: Bench) -> None:
    await bench.arrives(*(comment(f"c{n}", thread_id=f"t{n}") for n in range(1, 21)))
    looks = (bench.steps.take_due(at=at(5, 11, 30)) for _ in range(4))
    assert sum(await asyncio.gather(*looks)) == 20


async def test_what_was_put_elsewhere_keeps_its_target_and_stays_there(bench: Bench) -> None:
    """Whatever is applied, reopened or edited: the queue it is in now has no target."""
    await bench.arrives(comment())
    await steps_taken(bench, at(5, 12, 30, 1))
    await bench.arrives(
        comment(kind="edited", text="Does it work offline? Please!", edited_at=at(5, 13))
    )
    assert (await bench.item()).row.queue == "leads"
    bench.clock.time = at(5, 14)
    await bench.dismiss()
    await bench.release()
    await bench.reopen()
    assert await due(bench) == at(6, 14, 0, 11)
    assert (await OpenClocks(bench.engine).effect(CONFIGURATION, at=bench.clock.now())).changed == 0


async def test_an_edit_shows_who_writes_now(bench: Bench) -> None:
    reporter = {"id": "reporter", "name": "Somebody"}
    await bench.arrives(comment(text="", author=reporter))
    edited = comment(kind="edited", text="When do you open?", author=reporter, edited_at=at(4, 13))
    await bench.arrives(edited)
    assert (await bench.item()).row.audience is Audience.PRESS


# --- What was there before clocks were kept --------------------------------------------------------


async def without_ticks(bench: Bench) -> None:
    """As an older version left it, brought to this one."""
    async with transaction(bench.engine) as connection:
        await connection.execute(text("DELETE FROM clock_step"))
        await connection.execute(text("DELETE FROM clock_tick"))
        for statement in v0_1_12_pre_clocks.STATEMENTS:
            if "INSERT INTO" in statement:
                await connection.execute(text(statement.replace("::", "\\:\\:")))


async def test_a_due_time_from_before_stays_and_is_explained(bench: Bench) -> None:
    await bench.arrives(comment())
    before = await due(bench)
    await without_ticks(bench)
    [started] = await ticks(bench)
    assert folded([started]).due_at == before == await due(bench)
    assert (await bench.item()).due_explained[0].endswith("as it was before clocks were kept")
    await stops(bench)
    assert (await bench.item()).row.clock_paused_at is not None


async def test_what_was_reopened_before_is_due_from_then(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.dismiss()
    await bench.release()
    bench.clock.time = at(9, 9)
    await bench.reopen()
    before = await due(bench)
    await without_ticks(bench)
    assert folded(await ticks(bench)).due_at == before
