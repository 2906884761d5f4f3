"""What the live audit names, by its ids, and that it names nothing that is as it should be."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from responder.adapters.postgres.dead_letters import DeadLetterRows
from responder.adapters.postgres.delays import StageDelays
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.missing import SLICE
from responder.adapters.postgres.tally import TallyRows
from responder.adapters.system import SystemIds
from responder.audit.ports import Check
from responder.engagement.deadletter import Buried
from responder.testing.factories import NOON, comment, event
from tests.integration.audit.kit import TOPIC, Watched, said

KEEP = "CREATE TABLE kept AS SELECT * FROM engagement WHERE comment_id = 'c2'"
PUT_BACK = "INSERT INTO engagement SELECT * FROM kept"


async def test_a_ledger_that_is_as_it_should_be_gives_no_finding(watched: Watched) -> None:
    bench = watched.bench
    await watched.came("c1", "c2", "c3", "c4")
    ours = comment("ours", "Thank you!", author={"id": "us", "name": "Us"}, thread_id="c4")
    unseen = comment("never-seen", "", kind="deleted")
    edited = comment("c2", "Is it there now?", kind="edited", thread_id="c2")
    await watched.received(ours, unseen, edited)
    await bench.arrives(ours, unseen, edited)
    await bench.approve("c1")
    await bench.dismiss("c3")
    await bench.release()
    await bench.deliver()
    for _ in range(3):
        assert (await watched.round()).found == ()
        await watched.sealed()
    shown = await watched.figures()
    assert (shown.drift, shown.items["accepted"]) == (0, 4)


@pytest.mark.promise(7)
async def test_a_row_that_is_deleted_by_hand_is_named_once_until_it_is_back(
    watched: Watched,
) -> None:
    await watched.came("c1", "c2", "c3")
    assert (await watched.round()).found == ()
    await watched.sql(KEEP)
    await watched.delete("c2")
    (found,) = await watched.found(Check.MISSING)
    assert found.facts["source"] == "garden"
    assert found.facts["comment_id"] == "c2"
    assert found.facts["event_id"] == said("c2").event_id("garden")
    assert (await watched.round()).found == ()
    assert (await watched.figures()).drift == 1
    balance = await watched.bench.desk.balance()
    assert (balance.accepted, balance.open, balance.unaccounted) == (3, 2, 1)
    await watched.sql(PUT_BACK)
    assert [each.name for each in (await watched.round()).mended] == ["garden/c2"]
    assert (await watched.figures()).drift == 0
    assert (await watched.bench.desk.balance()).unaccounted == 0


async def test_a_row_that_is_put_back_as_it_was_long_ago_is_named(watched: Watched) -> None:
    """As from a backup: somebody might answer what was answered, or deleted, since."""
    await watched.came("c2")
    await watched.sql(KEEP)
    await watched.bench.arrives(comment("c2", "", kind="deleted", thread_id="c2"))
    await watched.sealed()
    await watched.delete("c2")
    await watched.sql(PUT_BACK)
    (found,) = await watched.found(Check.STATE)
    assert (found.facts["state"], found.facts["recorded"]) == ("awaiting_review", "withdrawn")


@pytest.mark.promise(7)
async def test_who_silences_the_triggers_is_found_by_comparing_every_id(watched: Watched) -> None:
    await watched.came("c1", "c2")
    await watched.delete("c2", past_triggers=True)
    found = (*(await watched.round()).found, *(await watched.recount()).found)
    assert {each.name for each in found if each.check is Check.MISSING} == {"garden/c2"}
    (named,) = [each for each in found if each.check is Check.MISSING]
    assert named.facts["event_id"] == said("c2").event_id("garden")
    assert Check.COUNT in {each.check for each in found}, "the kept counts know it still"


async def test_what_is_wiped_from_every_table_is_named_by_its_history(watched: Watched) -> None:
    await watched.came("c1", "c2")
    (row,) = await watched.sql("SELECT id FROM engagement WHERE comment_id = 'c2'")
    await watched.delete("c2", past_triggers=True)
    await watched.sql(
        "DELETE FROM received_id WHERE comment_id = 'c2'",
        "DELETE FROM comment WHERE comment_id = 'c2'",
    )
    (found,) = await watched.found(Check.STATE)
    assert found.facts["engagement_id"] == str(row["id"])
    assert found.facts["state"] is None


async def test_a_record_that_could_not_be_read_and_is_deleted_by_hand_is_named(
    watched: Watched,
) -> None:
    letter = await buried(watched)
    assert (await watched.round()).found == ()
    await watched.sql("DELETE FROM dead_letter")
    (found,) = await watched.found(Check.MISSING)
    assert found.facts["record_id"] == str(letter.id)
    assert found.facts["source"] == "garden"
    balance = await watched.bench.desk.balance()
    assert (balance.accepted, balance.unaccounted) == (1, 1)


async def buried(watched: Watched) -> Buried:
    letter = Buried(
        id=SystemIds(watched.bench.clock).uuid(),
        topic=TOPIC,
        partition=0,
        offset=7,
        key=b"garden/t",
        value=b"{",
        headers=(),
        stage="triage",
        why="the data: not JSON",
        attempts=1,
        first_failed_at=NOON,
        last_failed_at=NOON,
        source="garden",
        receipt=event(comment("unread")).id,
    )
    await DeadLetterRows(watched.bench.engine).take([letter])
    return letter


async def test_what_the_log_held_and_nobody_read_is_named_once_it_has_settled(
    watched: Watched,
) -> None:
    lost = comment("lost")
    await watched.received(lost)
    assert (await watched.live(settling_seconds=60).round()).found == ()
    (found,) = await watched.found(Check.MISSING)
    assert found.name == "garden/lost"
    await watched.bench.arrives(lost)
    assert [each.name for each in (await watched.round()).mended] == ["garden/lost"]


async def test_what_triage_has_not_come_to_is_not_missing(watched: Watched) -> None:
    await watched.received(comment("waiting"))
    member = SystemIds(watched.bench.clock).uuid()
    await StageDelays(watched.bench.engine).tell("triage", member, 90.0)
    assert (await watched.round()).found == ()
    await watched.sql("DELETE FROM stage_delay")
    assert len(await watched.found(Check.MISSING)) == 1


async def test_what_a_dead_letter_holds_is_not_missing(watched: Watched) -> None:
    await watched.received(comment("unread"))
    await buried(watched)
    assert (await watched.round()).found == ()


async def test_a_loss_far_behind_in_the_ledger_is_found_slice_by_slice(watched: Watched) -> None:
    await watched.came("c1")
    await watched.sql(
        f"""
        INSERT INTO comment SELECT (jsonb_populate_record(c, jsonb_build_object(
          'comment_id', lpad(n::text, 8, '0'), 'is_own', n <= {SLICE} + 1))).*
        FROM comment c, generate_series(1, {SLICE} + 2) n
        """  # noqa: S608 - a constant
    )
    assert (await watched.round()).found == ()
    (found,) = await watched.found(Check.MISSING)
    assert found.facts["comment_id"] == f"{SLICE + 2:08}"


async def test_a_state_that_was_changed_by_hand_is_named_until_it_is_mended(
    watched: Watched,
) -> None:
    await watched.came("c1", "c2")
    assert (await watched.round()).found == ()
    await watched.sql("UPDATE engagement SET state = 'answered' WHERE comment_id = 'c1'")
    (found,) = await watched.found(Check.STATE)
    assert (found.facts["comment_id"], found.facts["recorded"]) == ("c1", "awaiting_review")
    await watched.sql("UPDATE engagement SET state = 'awaiting_review' WHERE comment_id = 'c1'")
    assert [each.name for each in (await watched.round()).mended] == [found.name]


async def test_a_comment_without_a_history_is_named(watched: Watched) -> None:
    await watched.bench.arrives(comment("c1"))
    await watched.sql("DELETE FROM audit_entry")
    (found,) = await watched.found(Check.STATE)
    assert found.facts["comment_id"] == "c1"
    assert found.facts["recorded"] is None


async def test_a_count_that_is_wrong_is_named_until_it_is_counted_anew(watched: Watched) -> None:
    await watched.came("c1")
    await TallyRows(watched.bench.engine).fold()
    await watched.sql("UPDATE tally SET items = items + 2 WHERE kind = 'engagement'")
    (found,) = await watched.found(Check.COUNT)
    assert (found.facts["kept"], found.facts["counted"]) == (3, 1)
    await TallyRows(watched.bench.engine).rebuild()
    assert [each.check for each in (await watched.recount()).mended] == [Check.COUNT]


async def test_a_part_that_cannot_be_looked_at_keeps_nobody_from_the_others(
    watched: Watched,
) -> None:
    await watched.came("c1", "c2")
    await watched.delete("c2")
    url = watched.bench.engine.url.render_as_string(hide_password=False)
    impatient = make_engine(url, statement_seconds=0.5)
    async with watched.bench.engine.begin() as somebody:
        await somebody.execute(text("LOCK audit_chain"))
        round_ = await watched.live(engine=impatient).round()
    await impatient.dispose()
    assert {"chain", "chain again"} <= round_.unlooked.keys()
    assert [each.name for each in round_.found] == ["garden/c2"]
    assert (await watched.round()).unlooked == {}


async def test_two_audits_at_once_share_the_work_and_say_everything_once(watched: Watched) -> None:
    await watched.came("c1", "c2")
    await watched.delete("c1")
    rounds = await asyncio.gather(*(watched.round() for _ in range(4)))
    assert [each.name for one in rounds for each in one.found] == ["garden/c1"]


async def test_an_audit_that_comes_back_after_a_day_catches_up(watched: Watched) -> None:
    await watched.round()
    await watched.received(comment("lost"))
    await watched.sql("UPDATE received_id SET seen_at = seen_at - interval '1 day'")
    ago = (NOON - timedelta(days=2)).isoformat()
    await watched.sql(
        "UPDATE audit_walk SET position = jsonb_build_object('to', CAST(:ago AS text))"
        " WHERE name = 'received'",
        "UPDATE audit_walk SET at = now() + interval '1 day' WHERE name <> 'received'",
        ago=ago,
    )
    assert [each.name for each in await watched.found(Check.MISSING)] == ["garden/lost"]


@pytest.mark.fault(17)
async def test_a_log_that_begins_anew_is_told_once_for_each_time(watched: Watched) -> None:
    old = [comment(f"old-{n}") for n in range(5)]
    await watched.received(*old)
    await watched.received(*old)  # sent again
    assert await watched.found(Check.LOG) == []
    await watched.received(comment("new-0"), first=0)
    (found,) = await watched.found(Check.LOG)
    assert (found.facts["topic"], found.facts["partition"]) == (TOPIC, 0)
    assert (found.facts["offset"], found.facts["read_to"]) == (0, 4)
    await watched.received(comment("new-1"), comment("new-2"))
    assert await watched.found(Check.LOG) == []
    await watched.received(comment("third"), first=1)
    (again,) = await watched.found(Check.LOG)
    assert (again.facts["offset"], again.facts["read_to"]) == (1, 2)
    assert not (await watched.bench.auditor.audit()).holds


async def test_offsets_that_are_read_once_more_are_no_new_log(watched: Watched) -> None:
    comments = [comment(f"c{n}") for n in range(5)]
    await watched.received(*comments)
    await watched.received(*comments, first=0)
    assert await watched.found(Check.LOG) == []
