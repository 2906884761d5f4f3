"""A tab with a person before it."""

from dataclasses import dataclass, field

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import BrowserContext, Locator, Page, expect

from responder.testing.console import ConsoleBench


@dataclass
class Tab:
    page: Page
    console: ConsoleBench
    complaints: list[str] = field(default_factory=list)
    """What the browser reported: errors of scripts and breaches of the policy."""
    foreign: list[str] = field(default_factory=list)
    """Requests to anywhere but the console."""

    async def sign_in(self) -> None:
        await self.page.goto(await self.console.link())
        await self.page.get_by_role("button", name="Sign in as Ana").click()
        await expect(self.heading("Queue")).to_be_visible()

    async def open(self, comment_id: str) -> None:
        engagement_id = await self.console.bench.id_of(comment_id)
        await self.page.goto(f"{self.console.url}/engagements/{engagement_id}")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    def heading(self, name: str) -> Locator:
        return self.page.get_by_role("heading", name=name, level=1)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    @property
    def editor(self) -> Locator:
        return self.page.get_by_label("Your reply")

    def row(self, author: str) -> Locator:
        return self.page.get_by_role("listitem").filter(has_text=author).first

    async def violations(self, *rules: str) -> list[str]:
        """What axe finds, by these rules or by all, as `rule: element`."""
        options = {"runOnly": list(rules)} if rules else None
        found = await Axe().run(self.page, options=options)
        return [
            f"{violation['id']}: {node['html'][:120]}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]

    async def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        width: int = await self.page.locator("html").evaluate(
            "element => element.scrollWidth - element.clientWidth"
        )
        return width


async def new_tab(context: BrowserContext, console: ConsoleBench) -> Tab:
    tab = Tab(await context.new_page(), console)
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.page.on(
        "console",
        lambda said: tab.complaints.append(said.text) if _is_complaint(said.text) else None,
    )
    tab.page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((console.url, "data:"))
            else tab.foreign.append(request.url)
        ),
    )
    return tab


def _is_complaint(said: str) -> bool:
    # That a page answered 409 or 422 is what several tests are about; and the focus of somebody who
    # was quicker than the page stays where it is.
    return not said.startswith(("Failed to load resource", "Autofocus processing was blocked"))
