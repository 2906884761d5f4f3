"""The clock of a comment, on its page."""

import pytest

from responder.access.model import Role
from responder.testing.console import ConsoleBench
from responder.testing.factories import comment
from tests.integration.console.kit import Page, Reader, reading


async def opened(console: ConsoleBench, reader: Reader) -> Page:
    return await reader.open(f"/engagements/{await console.bench.id_of('c1')}")


async def test_a_page_says_why_it_is_due_then(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    page = await opened(console, ana)
    assert "Why then?" in page.text
    assert "So a public reply is due by Wed 4 Mar 2026, 20:00 (UTC)." in page.text


async def test_a_clock_is_stopped_for_a_reason_and_goes_on(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    page = await opened(console, ana)
    stopped = await ana.press(page, "Stop the clock", why="<b>the garden</b> team")
    assert "clock stopped" in stopped.text
    assert "by Ana: <b>the garden</b> team." in stopped.text
    assert (await console.bench.item()).row.clock_paused_at is not None
    assert "clock stopped" in (await ana.open("/queue")).text
    went_on = await ana.press(stopped, "Let the clock go on")
    assert "clock stopped" not in went_on.text
    assert (await console.bench.item()).row.clock_paused_at is None


async def test_without_a_reason_nothing_is_stopped_and_the_page_says_so(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    refused = await ana.press(await opened(console, ana), "Stop the clock", why=" ")
    assert refused.status == 422
    assert "it needs a reason" in refused.text
    assert (await console.bench.item()).row.clock_paused_at is None


async def test_what_was_typed_comes_back_when_somebody_was_quicker(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    earlier, later = await opened(console, ana), await opened(console, ana)
    await ana.press(earlier, "Stop the clock", why="the garden team looks at it")
    late = await ana.press(later, "Stop the clock", why="the lawyers want a word, and said so")
    assert late.status == 409
    assert "the lawyers want a word, and said so" in late.text


@pytest.mark.parametrize(("role", "may"), [(Role.VIEWER, False), (Role.REVIEWER, True)])
async def test_who_may_not_decide_stops_no_clock(
    console: ConsoleBench, role: Role, *, may: bool
) -> None:
    await console.bench.arrives(comment())
    bea = await console.person("Bea", role)
    item = await console.bench.item()
    async with reading(console.url) as reader:
        await reader.sign_in(await console.link(bea))
        assert (await opened(console, reader)).has_button("Stop the clock") is may
        address = f"/engagements/{item.row.engagement_id}"
        fields = {"context": item.context, "why": "the garden team", "key": "k"}
        answer = await reader.post(f"{address}/stop-clock", fields)
        assert answer.status == (200 if may else 403)
    assert ((await console.bench.item()).row.clock_paused_at is not None) is may
