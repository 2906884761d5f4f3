"""The clock of a comment on a page that is open."""

from playwright.async_api import expect

from responder.review.commands import LetClockGoOn, StopClock
from responder.testing.console import ConsoleBench
from responder.testing.factories import comment
from responder.testing.ledger import ANA
from tests.e2e.console.kit import Tab


async def stopped_elsewhere(console: ConsoleBench) -> None:
    bench = console.bench
    await bench.review.stop_clock(
        StopClock(
            engagement_id=await bench.id_of("c1"),
            actor=ANA,
            key=bench.key(),
            context="",
            reason="the garden team",
        )
    )


async def test_a_clock_that_is_stopped_elsewhere_shows_on_a_page_just_opened(
    console: ConsoleBench, ana: Tab
) -> None:
    """The heading has the focus there, and keeps it; what was unfolded stays so."""
    await console.bench.arrives(comment())
    await ana.open("c1")
    await expect(ana.heading("Ann")).to_be_focused()
    await ana.page.locator("details.why-due").evaluate("each => { each.open = true; }")
    await stopped_elsewhere(console)
    await expect(ana.page.get_by_text("clock stopped", exact=True)).to_be_visible()
    await expect(ana.button("Let the clock go on")).to_be_visible()
    await expect(ana.heading("Ann")).to_be_focused()


async def test_a_reason_that_somebody_types_is_not_taken_away(
    console: ConsoleBench, ana: Tab
) -> None:
    await console.bench.arrives(comment())
    await ana.open("c1")
    await ana.page.get_by_text("Why then?").click()
    waited_for = ana.page.get_by_label("What is waited for?")
    await waited_for.fill("the lawy")
    await stopped_elsewhere(console)
    await console.bench.review.let_clock_go_on(
        LetClockGoOn(
            engagement_id=await console.bench.id_of("c1"),
            actor=ANA,
            key=console.bench.key(),
            context="",
        )
    )
    history = ana.page.get_by_text("What happened so far 4")
    await expect(history).to_be_visible()
    await expect(waited_for).to_have_value("the lawy")
