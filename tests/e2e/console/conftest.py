"""A console over a real ledger, and Debian's Chromium in front of it."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ViewportSize, async_playwright

from responder.testing.console import ConsoleBench, open_console
from responder.testing.ledger import migrated, open_bench
from responder.testing.postgres import TestServer
from tests.e2e.console.kit import Tab, new_tab

DESKTOP: ViewportSize = {"width": 1280, "height": 860}


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is; no browser is ever downloaded."""
    found = shutil.which("chromium")
    if found is None and os.environ.get("CI"):  # noqa: TID251 - where the tests run decides
        pytest.fail("CI has no chromium: apt-get install chromium")
    if found is None:
        pytest.skip("no chromium here: apt-get install chromium")
    return found


@pytest_asyncio.fixture
async def console(postgres_server: TestServer) -> AsyncIterator[ConsoleBench]:
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    async with open_bench(database) as bench, open_console(bench) as opened:
        yield opened
    await postgres_server.drop(database)


@pytest_asyncio.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    # Its own sandbox needs rights that root in a container has not.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield opened
        await opened.close()


@pytest_asyncio.fixture
async def ana(browser: Browser, console: ConsoleBench) -> AsyncIterator[Tab]:
    """A tab in which Ana is signed in. Afterwards: nothing was reported, nothing came from elsewhere."""
    context = await browser.new_context(viewport=DESKTOP)
    tab = await new_tab(context, console)
    await tab.sign_in()
    yield tab
    await context.close()
    assert tab.complaints == []
    assert tab.foreign == []
