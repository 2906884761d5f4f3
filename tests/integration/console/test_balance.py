"""The page of the closing balance: what it adds up, and what it says when something is missing."""

import pytest
from sqlalchemy import text

from responder.adapters.postgres.audit import ReceivedIds
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.live_audit import LiveAudit
from responder.testing.console import ConsoleBench
from responder.testing.factories import NOON, comment, event
from tests.integration.console.kit import Page, Reader


async def look(console: ConsoleBench) -> None:
    """The audit role goes round."""
    while await console.bench.sealer.seal():
        pass
    watch = LiveAudit(
        console.bench.engine, settling_seconds=0, new_seconds=0, again_seconds=0, count_share=0
    )
    await watch.round()


async def some_of_everything(console: ConsoleBench) -> None:
    bench = console.bench
    names = ("c1", "c2", "c3", "c4")
    await bench.arrives(*(comment(name, f"Is {name} there?", thread_id=name) for name in names))
    await bench.approve("c1")
    await bench.dismiss("c2")
    await bench.release()
    await bench.deliver()
    await bench.arrives(comment("c3", "", kind="deleted", thread_id="c3"))
    await console.buried(b"{")


def row(page: Page, place: str) -> list[str]:
    """The figures that stand behind a place."""
    after = page.text.partition("Came in Answered")[2].partition(place)[2]
    return after.split()[:6]


async def test_every_page_leads_to_the_balance_that_adds_up(
    console: ConsoleBench, ana: Reader
) -> None:
    await some_of_everything(console)
    await look(console)
    assert "/balance" in (await ana.open("/queue")).links
    page = await ana.open("/balance")
    assert "Nothing is missing, the counts are right, and the record of changes holds" in page.text
    assert row(page, "Garden guestbook") == ["5", "1", "1", "1", "2", "0"]
    assert row(page, "Together") == ["5", "1", "1", "1", "2", "0"]


async def test_the_balance_of_some_days_holds_what_came_in_then(
    console: ConsoleBench, ana: Reader
) -> None:
    await some_of_everything(console)
    async with transaction(console.bench.engine) as connection:
        await connection.execute(text("UPDATE dead_letter SET arrived_at = :at"), {"at": NOON})
        await connection.execute(
            text(
                "UPDATE engagement SET received_at = received_at + interval '12 hours'"
                " WHERE comment_id IN ('c2', 'c4')"
            )
        )
    first = await ana.open("/balance?first=2026-03-04&last=2026-03-04")
    assert row(first, "Garden guestbook") == ["3", "1", "0", "1", "1", "0"]
    second = await ana.open("/balance?first=2026-03-05&last=2026-03-05")
    assert row(second, "Garden guestbook") == ["2", "0", "1", "0", "1", "0"]
    both = await ana.open("/balance?first=2026-03-04&last=2026-03-05")
    assert row(both, "Together") == row(await ana.open("/balance"), "Together")
    none = await ana.open("/balance?first=2026-03-01&last=2026-03-03")
    assert row(none, "Together") == ["0"] * 6


async def test_days_that_are_none_are_refused_in_words(console: ConsoleBench, ana: Reader) -> None:
    await some_of_everything(console)
    page = await ana.open("/balance?first=tomorrow")
    assert page.status == 422
    assert "These days cannot be shown" in page.text
    assert row(page, "Together") == ["5", "1", "1", "1", "2", "0"]


@pytest.mark.promise(7)
async def test_what_is_missing_is_listed_by_its_ids_with_what_to_do(
    console: ConsoleBench, ana: Reader
) -> None:
    lost = comment("lost")
    await some_of_everything(console)
    await ReceivedIds(console.bench.engine).record(
        [(event(lost), lost, "engagement.received", 0, 0)]
    )
    async with transaction(console.bench.engine) as connection:
        await connection.execute(
            text("UPDATE engagement SET state = 'approved' WHERE comment_id = 'c4'")
        )
    await look(console)
    assert "1 cannot be accounted for" in (await ana.open("/queue")).text
    page = await ana.open("/balance")
    assert "2 things do not hold" in page.text
    assert f"garden lost ({event(lost).id})" in page.text
    assert "put them back from a backup" in page.text
    engagement = await console.bench.id_of("c4")
    assert "garden c4: “About to go out”; the record says “Waiting for an answer”" in page.text
    assert f"/engagements/{engagement}" in page.links
    assert row(page, "Garden guestbook") == ["6", "1", "1", "1", "2", "1"]


async def test_a_page_says_that_nobody_has_looked(ana: Reader) -> None:
    assert "Nobody has looked so far" in (await ana.open("/balance")).text
