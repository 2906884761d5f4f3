"""The page of response times through its door: what it says, where it leads, what it costs."""

from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import event

from responder.adapters.system import SystemClock
from responder.review.commands import Reopen
from responder.review.ports import QueueFilter
from responder.testing.console import ConsoleBench
from responder.testing.factories import comment
from responder.testing.ledger import ANA, Bench
from tests.integration.console.kit import Reader

PAGE = "insights/response-times"
URGENT = "My phone caught fire, help!"
COMPLAINT = "This is broken and I want my money back."
OF_ROOM = timedelta(minutes=1)
"""The ledger has its own clock: nothing here is decided by less than this."""


async def come(bench: Bench, *texts: str, ago: timedelta = timedelta()) -> None:
    """These were written so long before now, and came at once; time stands at now afterwards."""
    now = SystemClock().now()
    bench.clock.time = now - ago
    await bench.arrives(
        *(
            comment(f"c{number}", text, published_at=now - ago - timedelta(seconds=1))
            for number, text in enumerate(texts)
        )
    )
    bench.clock.time = now


async def answer(bench: Bench, comment_id: str) -> None:
    await bench.approve(comment_id)
    await bench.release()
    await bench.deliver()


async def test_without_comments_it_says_so_and_what_comes_next(ana: Reader) -> None:
    page = await ana.open(PAGE)
    assert page.status == 200
    assert "Nobody wrote in these days." in page.text
    assert "Nothing became due in these days." in page.text
    assert '<svg viewBox="0 0 640' not in page.html


async def test_the_oldest_open_leads_to_its_comment_and_each_number_to_its_list(
    console: ConsoleBench, ana: Reader
) -> None:
    await come(console.bench, "Where is it?", ago=timedelta(days=3))
    page = await ana.open(PAGE)
    assert f"/engagements/{await console.bench.id_of('c0')}" in page.links
    assert "Oldest open 3 d" in page.text
    assert {"/queue", "/queue?state=overdue", "/queue?state=at_risk"} <= set(page.links)
    assert (await ana.open("/")).links.count("/insights/response-times") == 1


async def test_a_comment_that_is_ignored_makes_the_figures_worse(
    console: ConsoleBench, ana: Reader
) -> None:
    await come(console.bench, *["Where is it?"] * 4, ago=timedelta(hours=5))
    clock = console.bench.clock
    clock.time -= timedelta(hours=4)
    for answered in ("c0", "c1", "c2"):
        await answer(console.bench, answered)
    clock.time = SystemClock().now()
    page = await ana.open(PAGE)
    assert "4 comments came in these days: 3 have had a reply, 0 were closed" in page.text
    assert "Half had a reply within 1 h 2 min Nine of ten within not nine of ten yet" in page.text


async def test_the_days_are_chosen_by_a_link_or_from_and_to(
    console: ConsoleBench, ana: Reader
) -> None:
    await come(console.bench, "Where is it?", ago=timedelta(days=20))
    assert "Nobody wrote in these days." in (await ana.open(PAGE)).text
    for asked in ("?days=30", f"?first={SystemClock().now().date() - timedelta(days=21)}"):
        assert "1 comment came in these days" in (await ana.open(PAGE + asked)).text


@pytest.mark.parametrize(
    "asked",
    ["?days=0", "?days=367", "?days=x", "?first=2026-02-30", "?first=2026-05-02&last=2026-05-01"],
)
async def test_days_that_are_none_are_refused_in_words_and_the_page_goes_on(
    ana: Reader, api: aiohttp.ClientSession, asked: str
) -> None:
    page = await ana.open(PAGE + asked)
    assert page.status == 422
    assert "These days cannot be shown" in page.text
    assert "How long people wait" in page.text
    assert (await ana.open(PAGE + ".csv" + asked)).status == 422
    async with api.get(f"{PAGE}{asked}") as answer:
        assert answer.status == 400


async def test_the_table_is_a_file_that_names_its_days(ana: Reader) -> None:
    page = await ana.open(f"{PAGE}.csv?first=2026-05-01&last=2026-05-02")
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert (
        'filename="response-times-2026-05-01-2026-05-02.csv"' in page.headers["Content-Disposition"]
    )
    assert page.html.startswith("figure,target,tier,clock,basis,age,value")


async def test_whoever_is_not_signed_in_sees_no_figures(console: ConsoleBench) -> None:
    async with aiohttp.ClientSession(console.url) as stranger:
        for path in (f"/{PAGE}", f"/{PAGE}.csv"):
            async with stranger.get(path, allow_redirects=False) as answer:
                assert answer.status == 303
        async with stranger.get(f"/api/v1/{PAGE}") as answer:
            assert answer.status == 401


async def test_late_and_soon_late_are_lists_of_the_queue(console: ConsoleBench) -> None:
    """One is over the target of an hour, one within the last fifth of a day's, one has time."""
    bench = console.bench
    now = SystemClock().now()
    await bench.arrives(
        comment("late", COMPLAINT, published_at=now - timedelta(hours=26) - OF_ROOM),
        comment("soon", COMPLAINT + "!", published_at=now - timedelta(hours=22)),
        comment("time", COMPLAINT + "?", published_at=now - timedelta(hours=1)),
        comment("none", "Lovely photo.", published_at=now - timedelta(days=9)),
    )
    bench.clock.time = now
    for _ in range(2):  # before it is recorded, and after
        assert await bench.queue("overdue") == ["late"]
        assert await bench.queue("at_risk") == ["soon"]
        await bench.misses.record_due(at=now)
    assert (await bench.desk.queue(QueueFilter(state="at_risk"))).matching == 1
    await answer(bench, "soon")
    assert await bench.queue("at_risk") == []


async def test_a_first_reply_stays_the_first_when_its_comment_is_opened_again(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    """R8: a bot's answer and a reopening made five days of ten minutes, elsewhere."""
    bench = console.bench
    await come(bench, "Where is it?", "And where is this?", ago=timedelta(hours=3))
    bench.clock.time -= timedelta(hours=2)
    await answer(bench, "c1")
    async with api.get(PAGE) as said:
        before = await said.json()
    bench.clock.forward(3_600)
    item = await bench.item("c1")
    await bench.review.reopen(
        Reopen(
            engagement_id=item.row.engagement_id,
            actor=ANA,
            key=bench.key(),
            context=item.context,
        )
    )
    await answer(bench, "c1")
    async with api.get(PAGE) as said:
        after = await said.json()
    for name in ("came", "replied", "closed", "waiting"):
        assert after[name] == before[name]
    assert [each["curve"] for each in after["waits"]] == [each["curve"] for each in before["waits"]]
    assert len(after["due_again"]) == 1


async def test_it_costs_the_same_statements_whatever_there_is(
    console: ConsoleBench, ana: Reader
) -> None:
    bench = console.bench
    asked: list[str] = []
    event.listen(
        bench.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: asked.append(statement),
    )
    costs = []
    for texts in ((), ("Where is it?", URGENT), ("Lovely photo.",) * 20):
        await come(bench, *(f"{said} {number}" for number, said in enumerate(texts)))
        asked.clear()
        await ana.open(PAGE)
        costs.append(len(asked))
    assert len(set(costs)) == 1, costs
