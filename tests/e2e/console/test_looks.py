"""What every page keeps: axe finds nothing, nothing overflows, it works without scripts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from responder.delivery.ports import AttemptOutcome
from responder.drafting.ports import Passage
from responder.engagement.lifecycle import State
from responder.testing.console import ConsoleBench
from responder.testing.factories import comment
from responder.testing.place import Behaviour
from tests.e2e.console.kit import Tab, new_tab

DRESSES: tuple[Literal["dark", "forced"], ...] = ("dark", "forced")

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \u202egnp.exe pay\u200bpal "
    "https://paypal.com@evil.example/ " + "W" * 3000 + " 😀" * 500 + "Z" + "\u0301" * 300
)


@pytest_asyncio.fixture
async def lively(console: ConsoleBench) -> list[str]:
    """Something in every state, and text that means harm; gives the addresses of all pages."""
    bench = console.bench
    await bench.arrives(*(comment(f"c{n}", thread_id=f"t{n}") for n in range(7)))
    await bench.arrives(
        comment(
            "hostile",
            HOSTILE,
            author={"id": "h", "name": "😀" * 300},
            thread_id="h",
            permalink="https://evil.example/" + "a" * 500,
            page={"url": "https://evil.example/", "title": "T" * 300, "text": HOSTILE},
        )
    )
    passage = Passage(
        id="p", title="Offline", quote="It works.", url="https://a.example/", sha256="0"
    )
    await console.suggested("Yes.\nAlways.", "c0", passages=(passage,), unsupported=("Always.",))
    await console.suggested(HOSTILE, "hostile")
    await bench.approve("c1")
    await bench.dismiss("c2")
    await bench.release()
    await bench.deliver()
    bench.place.will([Behaviour(stores=False, answer=AttemptOutcome.REFUSED)])
    await bench.approve("c3")
    await bench.release()
    await bench.deliver()
    bench.place.will([Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)])
    bench.place.listing_fails = True
    await bench.approve("c4")
    await bench.release()
    await bench.deliver()
    bench.place.will([Behaviour(stores=False, answer=AttemptOutcome.THROTTLED, after_seconds=7200)])
    await bench.approve("c6")
    await bench.release()
    await bench.deliver(within_seconds=60)
    await bench.approve("c5")
    letter = await console.buried(b'{"oops": <b>' + b"x" * 3000)
    assert set((await bench.states()).values()) >= {
        State.AWAITING_REVIEW,
        State.APPROVED,
        State.SENDING,
        State.ANSWERED,
        State.DISMISSED,
        State.DELIVERY_FAILED,
        State.DELIVERY_UNKNOWN,
    }
    ids = [
        await bench.id_of(each) for each in ("c0", "c1", "c2", "c3", "c4", "c5", "hostile", "c6")
    ]
    return [
        *(f"/engagements/{each}" for each in ids),
        *("/queue", f"/queue?decided={ids[5]}", "/queue?state=closed", "/queue?q=zebra"),
        *(
            "/deadletters",
            f"/deadletters/{letter}",
            "/balance",
            "/insights/response-times",
            "/sources",
            "/sources/garden",
            "/me",
            "/help/keys",
            "/nowhere",
        ),
    ]


@asynccontextmanager
async def dressed(
    browser: Browser, console: ConsoleBench, dress: Literal["light", "dark", "forced"]
) -> AsyncIterator[Tab]:
    """A narrow tab in which Ana is signed in."""
    context = await browser.new_context(
        viewport={"width": 320, "height": 640},
        color_scheme="dark" if dress == "dark" else "light",
        forced_colors="active" if dress == "forced" else "none",
    )
    tab = await new_tab(context, console)
    await tab.sign_in()
    yield tab
    await context.close()
    assert (tab.complaints, tab.foreign) == ([], [])


async def test_axe_finds_nothing_and_nothing_overflows_at_320_pixels(
    browser: Browser, lively: list[str], console: ConsoleBench
) -> None:
    """Checklist 22, 23, 26."""
    async with dressed(browser, console, "light") as tab:
        for address in lively:
            await tab.page.goto(console.url + address)
            assert await tab.violations() == [], address
            assert await tab.overflow() <= 0, address


async def test_dark_and_forced_colours_keep_their_contrast(
    browser: Browser, lively: list[str], console: ConsoleBench
) -> None:
    for dress in DRESSES:
        async with dressed(browser, console, dress) as tab:
            for address in (
                *lively[:6],
                "/queue",
                "/deadletters",
                "/balance",
                "/me",
            ):  # each kind of part
                await tab.page.goto(console.url + address)
                assert await tab.violations("color-contrast") == [], (dress, address)


async def test_axe_finds_nothing_before_signing_in(browser: Browser, console: ConsoleBench) -> None:
    context = await browser.new_context()
    tab = await new_tab(context, console)
    for address in (f"{console.url}/login", await console.link()):
        await tab.page.goto(address)
        assert await tab.violations() == [], address
    await context.close()
    assert (tab.complaints, tab.foreign) == ([], [])


async def test_everything_can_be_done_without_scripts(
    browser: Browser, console: ConsoleBench
) -> None:
    """Checklist 25."""
    context = await browser.new_context(java_script_enabled=False)
    tab = await new_tab(context, console)
    await console.bench.arrives(
        comment(), comment("c2", "Export?", author={"id": "bob", "name": "Bob"}, thread_id="t2")
    )
    await tab.sign_in()
    await tab.page.get_by_role("link", name="Does the planner").click()
    await tab.editor.fill("Yes, it does.")
    await tab.button("Send reply").click()
    await expect(tab.heading("Bob")).to_be_visible()
    await tab.button("Undo").click()
    await expect(tab.editor).to_have_value("Yes, it does.")
    await tab.page.get_by_text("Close without reply").first.click()
    await tab.page.get_by_label("Spam").check()
    await tab.button("Close without reply").click()
    await expect(tab.heading("Bob")).to_be_visible()
    await tab.page.get_by_role("link", name="Queue", exact=True).first.click()
    await tab.page.get_by_role("searchbox").fill("export")
    await tab.button("Find").click()
    await expect(tab.page.locator(".row")).to_have_count(1)
    await context.close()
    await console.bench.release()
    assert (await console.bench.states())["c1"] is State.DISMISSED
    assert (tab.complaints, tab.foreign) == ([], [])
