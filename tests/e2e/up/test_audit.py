"""`responder audit verify`: the balance in words, and what it says when somebody cheats."""

from responder.testing.caller import calling
from responder.testing.running import Running, eventually


async def test_verifying_names_what_is_missing_and_what_was_changed(fresh: Running) -> None:
    await fresh.start()
    async with calling(fresh) as caller:
        for number in range(3):
            await caller.push(f"audit-{number}", f"Where is the station number {number}?")
            await caller.arrived(f"Where is the station number {number}?")

    async def sealed() -> bool:
        counts = await fresh.sql(
            "SELECT (SELECT count(DISTINCT engagement_id) FROM audit_chain),"
            " (SELECT count(*) FROM audit_entry)"
        )
        return tuple(counts[0]) == (3, 0)

    await eventually(sealed)
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
