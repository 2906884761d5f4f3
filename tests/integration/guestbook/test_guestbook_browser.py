"""The guestbook in a real browser: without scripts, narrow, dark, and for everybody."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from responder.adapters.system import SystemClock, SystemIds
from responder.testing.guestbook import MemoryGuestbook
from responder.testing.loopback import serving
from responder.web.guestbook.app import guestbook_app
from responder.web.guestbook.book import Guestbook

pytestmark = pytest.mark.browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI") == "true":  # noqa: TID251 - a test run has no settings
        pytest.fail("CI must not go without Chromium")
    if path is None:
        pytest.skip("NO CHROMIUM: install the package chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        await opened.close()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A guestbook with one conversation: hostile, long, and answered by us."""
    clock, store = SystemClock(), MemoryGuestbook()
    ids = SystemIds(clock)
    app = guestbook_app(
        store=store,
        clock=clock,
        ids=ids,
        public_url="http://guestbook.example",
        api_token="token",  # noqa: S106 - it opens nothing
        banner="Demo: invented people; nothing leaves this computer",
    )
    book = Guestbook(store=store, clock=clock, ids=ids, public_url="http://x.example", title="G")
    asked = await book.write(name="<b>Ann", text="<script>x</script>" + "w" * 400, visitor="ann")
    name = asked.comment.comment_id
    await book.reply(key="k", parent_id=name, text="Yes, thank you for asking.", name="Team")
    async with serving(app) as served:
        yield served


async def page_of(browser: Browser, stack: AsyncExitStack, **options: Any) -> Page:
    context: BrowserContext = await browser.new_context(**options)
    stack.push_async_callback(context.close)
    return await context.new_page()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nobody_is_kept_out(browser: Browser, url: str, scheme: str) -> None:
    async with AsyncExitStack() as stack:
        page = await page_of(
            browser,
            stack,
            color_scheme=scheme,
            viewport={"width": 320, "height": 640},
            bypass_csp=True,
        )
        await page.goto(url)
        conversation = await page.get_by_role("link", name="Answer").get_attribute("href")
        for path in ("", conversation, "/nowhere"):
            await page.goto(f"{url}{path}")
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert await page.evaluate("document.documentElement.scrollWidth") == 320


async def test_the_whole_visit_needs_no_script_and_breaks_no_rule(
    browser: Browser, url: str
) -> None:
    async with AsyncExitStack() as stack:
        page = await page_of(browser, stack, java_script_enabled=False)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        await page.goto(url)
        await page.get_by_label("Your name").fill("Bob")
        await page.get_by_label("Your comment").fill("Does it run?\n\nOn ARM?")
        await page.get_by_role("button", name="Leave the comment").click()
        await page.get_by_role("link", name="Edit").click()
        await page.get_by_label("Your comment").fill("Does it run at all?")
        await page.get_by_role("button", name="Save").click()
        assert await page.get_by_text("Does it run at all?").count() == 1
        await page.get_by_label("Your answer").fill("Never mind.")
        await page.get_by_label("Your name").fill("Bob")
        await page.get_by_role("button", name="Leave the answer").click()
        assert await page.get_by_text("Never mind.").count() == 1
        await page.get_by_role("button", name="Delete").last.click()
        assert await page.get_by_text("Never mind.").count() == 0
        assert said == []
