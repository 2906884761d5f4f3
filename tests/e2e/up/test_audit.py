"""That nothing is lost, as an operator sees it: in the log, in the figures, by the commands."""

import json
from typing import Any

import pytest

from responder.testing.caller import calling
from responder.testing.running import Running, eventually

NAMED_WITHIN_SECONDS = 60.0
SLACK_SECONDS = 30.0
"""What a machine with other work may take longer."""


async def sealed(running: Running, comments: int) -> None:
    """Wait until the record of changes holds all that was said of so many comments."""

    async def is_sealed() -> bool:
        counts = await running.sql(
            "SELECT (SELECT count(DISTINCT engagement_id) FROM audit_chain),"
            " (SELECT count(*) FROM audit_entry)"
        )
        return tuple(counts[0]) == (comments, 0)

    await eventually(is_sealed)


async def logged(running: Running, event: str) -> dict[str, Any]:
    """The log's line of this, once it is there."""

    async def lines() -> list[dict[str, Any]]:
        said = [line for line in running.said.splitlines() if f'"{event}"' in line]
        return [json.loads(line) for line in said]

    found = await eventually(lines, bool, NAMED_WITHIN_SECONDS + SLACK_SECONDS)
    return found[0]


@pytest.mark.promise(7)
async def test_a_comment_that_somebody_deletes_is_named_within_a_minute(fresh: Running) -> None:
    await fresh.start()
    async with calling(fresh) as caller:
        for number in range(3):
            await caller.push(f"live-{number}", f"Where is the harbour number {number}?")
            await caller.arrived(f"Where is the harbour number {number}?")
        await sealed(fresh, 3)
        ((event,),) = await fresh.sql("SELECT event_id FROM engagement WHERE comment_id = 'live-1'")
        await fresh.sql("DELETE FROM draft_version")  # they hold on to what they were made for
        await fresh.sql("DELETE FROM engagement WHERE comment_id = 'live-1'")

        line = await logged(fresh, "audit.missing")
        assert line["level"] == "error"
        assert (line["source"], line["comment_id"]) == ("guestbook", "live-1")
        assert line["event_id"] == event
        assert "Ann" not in json.dumps(line)

        async def drift() -> float:
            return (await caller.metrics())["responder_conservation_drift_items", ()]

        assert await eventually(drift) == 1
        assert (await caller.queue()).balance.unaccounted == 1
    verified = await fresh.command("audit", "verify")
    assert verified.code == 5, verified.said
    assert f"missing: guestbook live-1 ({event})" in verified.said


@pytest.mark.fault(38)
async def test_a_head_that_was_kept_shows_what_was_cut_off_since(fresh: Running) -> None:
    await fresh.start()
    async with calling(fresh) as caller:
        await caller.push("kept", "Where is the ferry?")
        await caller.arrived("Where is the ferry?")
    await sealed(fresh, 1)
    line = await logged(fresh, "audit.head")
    head = (await fresh.command("audit", "head")).said.strip()
    number, _, digest = head.partition(":")
    assert line["head"].partition(":")[0] <= number
    assert len(digest) == 64
    held = await fresh.command("audit", "verify", "--since", head)
    assert held.code == 0, held.said
    await fresh.sql("DELETE FROM audit_chain WHERE number >= :number", number=int(number))
    await fresh.sql("DELETE FROM draft_version")
    await fresh.sql("DELETE FROM engagement")
    cut = await fresh.command("audit", "verify", "--since", head)
    assert cut.code == 5, cut.said
    assert f"The record of changes is broken at entry {number}: the entry is missing." in cut.said
    assert (await fresh.command("audit", "verify", "--since", "no head")).code == 1


@pytest.mark.fault(17)
async def test_a_log_that_was_emptied_is_told_when_it_begins_anew(fresh: Running) -> None:
    await fresh.start()
    async with calling(fresh) as caller:
        for number in range(2):
            await caller.push(f"old-{number}", f"Is it open, {number}?", thread_id="lane")
            await caller.arrived(f"Is it open, {number}?")

        async def both_recorded() -> bool:
            ((number,),) = await fresh.sql("SELECT count(*) FROM received_id")
            return bool(number == 2)

        await eventually(both_recorded)
        fresh.kill()  # its database outlives it
        await fresh.sql(
            "WITH gone AS (DELETE FROM log_record), begun AS (UPDATE log_claim SET committed = 0)"
            " UPDATE log_partition SET next_offset = 0"
        )
        await fresh.start()
        await caller.push("new", "Is it open again?", thread_id="lane")
        line = await logged(fresh, "audit.log_began_anew")
        assert (line["topic"], line["offset"]) == ("engagement.received", 0)
        await caller.arrived("Is it open again?")
    verified = await fresh.command("audit", "verify")
    assert verified.code == 5, verified.said
    assert "began anew at 0; it had been read to 1" in verified.said


async def test_verifying_names_what_is_missing_and_what_was_changed(fresh: Running) -> None:
    await fresh.start()
    async with calling(fresh) as caller:
        for number in range(3):
            await caller.push(f"audit-{number}", f"Where is the station number {number}?")
            await caller.arrived(f"Where is the station number {number}?")

    await sealed(fresh, 3)
    whole = await fresh.command("audit", "verify")
    assert whole.code == 0, whole.said
    assert "Nothing is missing: 3 came in" in whole.said
    assert "The record of changes holds" in whole.said

    await fresh.sql(
        "INSERT INTO tally_change VALUES"
        ' (\'engagement\', \'{nowhere,default,"",answered,"",""}\', 4, 0, now())'
    )
    wrong = await fresh.command("audit", "verify")
    assert wrong.code == 5, wrong.said
    assert "miscounted: engagement nowhere default answered: 4 kept, 0 counted" in wrong.said
    assert "Run: responder audit recount" in wrong.said
    recounted = await fresh.command("audit", "recount")
    assert recounted.code == 0, recounted.said
    assert (await fresh.command("audit", "verify")).code == 0

    await fresh.sql("DELETE FROM draft_version")  # they hold on to what they were made for
    await fresh.sql("DELETE FROM engagement WHERE comment_id = 'audit-1'")
    robbed = await fresh.command("audit", "verify")
    assert robbed.code == 5, robbed.said
    assert "audit-1" in robbed.said
    assert "audit-0" not in robbed.said
    assert "The record of changes holds" in robbed.said

    await fresh.sql("UPDATE audit_chain SET actor = 'nobody' WHERE number = 2")
    forged = await fresh.command("audit", "verify")
    assert forged.code == 5, forged.said
    ((entry, engagement),) = await fresh.sql(
        "SELECT entry_id, engagement_id FROM audit_chain WHERE number = 2"
    )
    assert (
        f"The record of changes is broken at entry 2 (id {entry}, about {engagement}):"
        " the entry is not what was sealed."
    ) in forged.said
