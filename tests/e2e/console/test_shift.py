"""A shift at the console: what a person does in a browser, and what the ledger and the place hold."""

import pytest
from playwright.async_api import expect

from responder.access.model import Preferences, Shortcuts
from responder.engagement.lifecycle import State
from responder.engagement.model import Kind
from responder.testing.console import ConsoleBench
from responder.testing.factories import NOON, comment
from tests.e2e.console.kit import Tab, new_tab

pytestmark = pytest.mark.browser

BOB = {"id": "bob", "name": "Bob"}
CLEO = {"id": "cleo", "name": "Cleo"}


async def three_comments(console: ConsoleBench) -> None:
    await console.bench.arrives(
        comment("c1"),
        comment("c2", "Can I export my garden?", author=BOB, thread_id="t2"),
        comment("c3", "What about frost?", author=CLEO, thread_id="t3"),
    )
    for each in ("c1", "c2", "c3"):
        await console.suggested(f"An answer to {each}.", each)


async def test_a_whole_shift_by_keyboard(console: ConsoleBench, ana: Tab) -> None:
    """Checklist 1, 5, 8: answer, edit, close, undo, without a pointer and without losing the focus."""
    await three_comments(console)
    await ana.page.reload()
    await ana.press("j", "Enter")
    await expect(ana.heading("Ann")).to_be_focused()
    await ana.press("a")
    await expect(ana.heading("Bob")).to_be_focused()
    await expect(ana.page.locator(".strip")).to_contain_text("Your reply to Ann")
    await ana.press("e")
    await expect(ana.editor).to_be_focused()
    await ana.press("End")
    await ana.page.keyboard.type(" In CSV, a.d.e.")
    await ana.press("Escape")
    await expect(ana.heading("Bob")).to_be_focused()
    await ana.press("a")
    await expect(ana.heading("Cleo")).to_be_focused()
    await ana.press("d")
    await expect(ana.page.get_by_label("Thanks, nothing to answer")).to_be_focused()
    await ana.press("Space", "Enter")
    await expect(ana.heading("Queue")).to_be_visible()
    await ana.press("u")
    await expect(ana.heading("Cleo")).to_be_focused()
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.texts("c1") == ["An answer to c1."]
    assert console.bench.place.texts("c2") == ["An answer to c2. In CSV, a.d.e."]
    assert (await console.bench.states())["c3"] is State.AWAITING_REVIEW
    await console.bench.audited()


async def test_a_comment_appears_without_a_reload(console: ConsoleBench, ana: Tab) -> None:
    await expect(ana.page.get_by_text("Nothing has come in yet")).to_be_visible()
    await console.bench.arrives(comment())
    await expect(ana.row("Ann")).to_be_visible()
    await expect(ana.page.get_by_text("Nothing is missing: 1 came in")).to_be_visible()
    await expect(ana.page).to_have_title("(1) Queue · Responder")
    await console.suggested("Yes.")
    await expect(ana.row("Ann")).to_contain_text("Suggestion ready")


async def test_what_arrives_moves_neither_focus_nor_rows(console: ConsoleBench, ana: Tab) -> None:
    """Checklist 13: somebody is among the rows, so what is new waits behind a button."""
    await three_comments(console)
    await ana.page.reload()
    await ana.press("j", "j")
    second = ana.page.locator(".row-link").nth(1)
    await expect(second).to_be_focused()
    await console.bench.arrives(
        comment("c0", "First!", author={"id": "dee", "name": "Dee"}, thread_id="t0")
    )
    await expect(ana.button("1 new")).to_be_visible()
    await expect(second).to_be_focused()
    await expect(ana.page.locator(".row")).to_have_count(3)
    await ana.button("1 new").click()
    await expect(ana.page.locator(".row")).to_have_count(4)


async def test_a_suggestion_comes_into_an_untouched_editor(console: ConsoleBench, ana: Tab) -> None:
    await console.bench.arrives(comment())
    await ana.open("c1")
    await console.suggested("Yes, it does.")
    await expect(ana.editor).to_have_value("Yes, it does.")


async def test_what_one_is_writing_is_never_replaced(console: ConsoleBench, ana: Tab) -> None:
    await console.bench.arrives(comment())
    await ana.open("c1")
    await ana.editor.fill("I write this myself.")
    await console.suggested("Yes, it does.")
    changed = ana.page.get_by_text("This comment changed while you were writing.")
    await expect(changed).to_be_visible()
    await expect(ana.editor).to_have_value("I write this myself.")
    await ana.page.get_by_role("link", name="Show what it is now").click()
    await expect(ana.editor).to_have_value("Yes, it does.")
    await ana.button("Bring back what I typed before").click()
    await expect(ana.editor).to_have_value("I write this myself.")


async def test_what_is_missing_is_said_in_the_page_and_the_caret_stands_there(
    console: ConsoleBench, ana: Tab
) -> None:
    await console.bench.arrives(comment())
    await ana.open("c1")
    await ana.press("a")
    said = ana.page.get_by_text("There is nothing to send yet: write the reply here.")
    await expect(said).to_be_visible()
    await expect(said).to_have_role("status")
    await expect(ana.editor).to_be_focused()
    assert await ana.violations() == []
    await ana.page.keyboard.type("Yes.")
    await expect(said).to_have_count(0)
    await ana.press("Escape", "d")
    await ana.page.get_by_role("group").get_by_role("button", name="Close without reply").click()
    reason = ana.page.get_by_text("Choose why it needs no reply.")
    await expect(reason).to_be_visible()
    await expect(ana.page.get_by_label("Thanks, nothing to answer")).to_be_focused()
    await ana.press("Space", "Enter")
    await expect(ana.heading("Queue")).to_be_visible()


async def test_a_double_click_sends_once(console: ConsoleBench, ana: Tab) -> None:
    """Checklist 9."""
    await console.bench.arrives(comment())
    await ana.open("c1")
    await ana.editor.fill("Yes, it does.")
    await ana.button("Send reply").dblclick()
    await expect(ana.heading("Queue")).to_be_visible()
    await ana.page.go_back()
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.texts("c1") == ["Yes, it does."]


@pytest.mark.fault(33)
async def test_a_stale_reply_shows_what_changed_and_keeps_the_text(
    console: ConsoleBench, ana: Tab
) -> None:
    """Checklist 10."""
    await console.bench.arrives(comment())
    await ana.open("c1")
    await ana.editor.fill("Yes, it does.")
    await console.bench.arrives(comment(text="And online?", kind=Kind.EDITED, edited_at=NOON))
    await ana.button("Send reply").click()
    await expect(ana.heading("It changed since you looked")).to_be_focused()
    await expect(ana.editor).to_have_value("Yes, it does.")
    assert await ana.violations() == []
    await ana.button("Send reply").click()
    await expect(ana.heading("Queue")).to_be_visible()
    assert (await console.bench.states()) == {"c1": State.APPROVED}


async def test_shortcuts_can_be_turned_off_or_moved_behind_alt(
    console: ConsoleBench, ana: Tab
) -> None:
    """Checklist 2 (WCAG 2.1.4)."""
    await three_comments(console)
    await console.prefers(Preferences(shortcuts=Shortcuts.ALT))
    await ana.page.reload()
    await ana.press("j")
    await expect(ana.page.locator(".row-link").first).not_to_be_focused()
    await ana.press("Alt+j")
    await expect(ana.page.locator(".row-link").first).to_be_focused()
    await console.prefers(Preferences(shortcuts=Shortcuts.OFF))
    await ana.page.reload()
    await ana.press("j", "Alt+j")
    await expect(ana.page.locator(".row-link").first).not_to_be_focused()
    await expect(ana.page.locator("kbd")).to_have_count(0)


async def test_every_key_on_a_page_is_a_visible_control(console: ConsoleBench, ana: Tab) -> None:
    """Checklist 4."""
    await three_comments(console)
    for address in ("/queue", f"/engagements/{await console.bench.id_of('c2')}"):
        await ana.page.goto(console.url + address)
        controls = await ana.page.locator("[data-key]").all()
        assert len(controls) >= 4
        for control in controls:
            await expect(control).to_be_visible()
            key = await control.get_attribute("data-key")
            assert await control.get_attribute("aria-keyshortcuts") == key


async def test_keys_do_nothing_while_one_types(console: ConsoleBench, ana: Tab) -> None:
    await console.bench.arrives(comment())
    await ana.open("c1")
    await ana.editor.focus()
    await ana.page.keyboard.type("adeku?/j")
    await expect(ana.editor).to_have_value("adeku?/j")
    await expect(ana.heading("Ann")).to_be_visible()


async def test_eight_tabs_share_one_stream(console: ConsoleBench, ana: Tab) -> None:
    """Checklist 27: the ninth page loads, and every tab is told."""
    tabs = [ana] + [await new_tab(ana.page.context, console) for _ in range(8)]
    for tab in tabs[1:]:
        await tab.page.goto(f"{console.url}/queue")
    await console.bench.arrives(comment())
    for tab in tabs:
        await expect(tab.row("Ann")).to_be_visible()
    await ana.page.goto("about:blank")  # the tab that listened goes away; another takes over
    await console.bench.arrives(comment("c2", "And now?", author=BOB, thread_id="t2"))
    for tab in tabs[1:]:
        await expect(tab.row("Bob")).to_be_visible()
    ana.foreign.clear()


@pytest.mark.fault(33)
async def test_a_lost_connection_is_said_and_nothing_is_missed(
    console: ConsoleBench, ana: Tab
) -> None:
    """Checklist 14."""
    await console.bench.arrives(comment())
    await expect(ana.row("Ann")).to_be_visible()
    lost = ana.page.get_by_text("The connection is lost.")
    async with console.away():
        await expect(lost).to_be_visible()
        await console.bench.arrives(comment("c2", "Are you there?", author=BOB, thread_id="t2"))
    await expect(ana.row("Bob")).to_be_visible(timeout=30_000)
    await expect(lost).to_be_hidden(timeout=30_000)  # the stream is tried ever less often


async def test_a_decision_without_a_connection_is_refused_and_kept(
    console: ConsoleBench, ana: Tab
) -> None:
    """Checklist 14: refused clearly and kept in the form, never queued silently."""
    await console.bench.arrives(comment())
    await ana.open("c1")
    await ana.editor.fill("Yes, it does.")
    async with console.away():
        lost = ana.page.get_by_text("nothing is sent until it is back")
        await expect(lost).to_be_visible()
        await ana.button("Send reply").click()
        await expect(lost).to_be_focused()
        await expect(ana.editor).to_have_value("Yes, it does.")
    await expect(lost).to_be_hidden(timeout=30_000)
    await ana.button("Send reply").click()
    await expect(ana.heading("Queue")).to_be_visible()
    assert (await console.bench.states()) == {"c1": State.APPROVED}


@pytest.mark.fault(33)
async def test_a_revoked_session_leads_back_to_the_door(console: ConsoleBench, ana: Tab) -> None:
    (session,) = await console.access.sessions_of(console.ana)
    await console.access.end(session.id, person=console.ana)
    await console.bench.arrives(comment())
    await expect(ana.heading("Sign in with a link")).to_be_visible()
