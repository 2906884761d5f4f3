"""Deciding by forms alone, as a browser without scripts does; what counts is what the ledger holds."""

import asyncio
from dataclasses import replace

import pytest

from responder.access.model import Preferences, Role
from responder.delivery.ports import AttemptOutcome
from responder.drafting.ports import Passage
from responder.engagement.lifecycle import State
from responder.engagement.model import DismissalReason, Kind
from responder.testing.console import ConsoleBench
from responder.testing.factories import NOON, comment
from responder.testing.place import Behaviour
from tests.integration.console.kit import Page, Reader, reading

REPLY = "Yes, it does."


async def opened(console: ConsoleBench, reader: Reader, comment_id: str = "c1") -> Page:
    return await reader.open(f"/engagements/{await console.bench.id_of(comment_id)}")


async def in_doubt(console: ConsoleBench) -> None:
    """A reply whose outcome nobody knows."""
    await console.bench.arrives(comment())
    console.bench.place.will([Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)])
    console.bench.place.listing_fails = True
    await console.bench.approve()
    await console.bench.release()
    await console.bench.deliver()


async def test_a_reply_is_sent_once_and_only_after_its_undo_time(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    sent = await ana.press(await opened(console, ana), "Send reply", text=REPLY)
    assert "Your reply to Ann goes out in 10 s" in sent.text
    assert console.bench.place.texts("c1") == []
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.texts("c1") == [REPLY]
    done = await opened(console, ana)
    assert "Answered" in done.text
    assert "https://place.example/reply-1" in done.links
    await console.bench.audited()


async def test_after_a_decision_the_next_comment_opens(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(
        comment("c1"), comment("c2", author={"id": "bob", "name": "Bob"}, thread_id="t2")
    )
    following = await ana.press(await opened(console, ana), "Send reply", text=REPLY)
    assert str(await console.bench.id_of("c2")) in following.address
    assert "Your reply to Ann goes out" in following.text


async def test_pressing_twice_sends_once(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    page = await opened(console, ana)
    for _ in range(3):
        again = await ana.press(page, "Send reply", text=REPLY)
        assert again.status == 200
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.texts("c1") == [REPLY]


async def test_what_was_sent_can_be_taken_back_with_its_text(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    sent = await ana.press(await opened(console, ana), "Send reply", text=REPLY)
    back = await ana.press(sent, "Undo")
    assert back.form("Send reply").fields["text"] == REPLY
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.calls == 0


async def test_too_late_is_told_in_words(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    sent = await ana.press(await opened(console, ana), "Send reply", text=REPLY)
    await console.bench.release()
    late = await ana.press(sent, "Undo")
    assert late.status == 409
    assert "It is on its way: the undo time had passed." in late.text


async def test_whoever_wants_no_undo_time_gets_none(console: ConsoleBench, ana: Reader) -> None:
    await console.prefers(Preferences(undo_seconds=0))
    await console.bench.arrives(comment())
    page = await opened(console, ana)
    assert "at once" in page.text
    await ana.press(page, "Send reply", text=REPLY)
    held = (await console.bench.item()).row.held
    assert held is not None
    assert held.release_at == console.bench.clock.now()


async def test_a_comment_is_closed_for_a_reason(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    page = await opened(console, ana)
    nothing = await ana.press(page, "Close without reply")
    assert nothing.status == 422
    assert "Choose why it needs no reply" in nothing.text
    closed = await ana.press(page, "Close without reply", reason="spam")
    assert "Closing the comment by Ann takes effect in 10 s" in closed.text
    await console.bench.release()
    item = await console.bench.item()
    assert item.dismissal is DismissalReason.SPAM
    assert "It stays visible on the site." in (await opened(console, ana)).text


async def test_another_reason_needs_a_note(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    page = await ana.press(await opened(console, ana), "Close without reply", reason="other")
    assert page.status == 422
    assert "needs a few words" in page.text


async def test_what_was_closed_can_be_opened_again(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    await console.bench.dismiss()
    await console.bench.release()
    again = await ana.press(await opened(console, ana), "Open again")
    assert again.has_button("Send reply")
    assert await console.bench.states() == {"c1": State.AWAITING_REVIEW}


@pytest.mark.fault(33)
async def test_an_edit_in_between_refuses_the_reply_and_shows_what_changed(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment(text="It costs 5 euros?"))
    page = await opened(console, ana)
    await console.bench.arrives(
        comment(text="It costs 50 euros?", kind=Kind.EDITED, edited_at=NOON)
    )
    stale = await ana.press(page, "Send reply", text=REPLY)
    assert stale.status == 409
    assert "<del>5</del><ins>50</ins>" in stale.html
    assert stale.form("Send reply").fields["text"] == REPLY
    sent = await ana.press(stale, "Send reply")
    assert "goes out" in sent.text
    assert (await console.bench.item()).row.state is State.APPROVED


async def test_a_new_comment_in_the_thread_is_marked(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment("c1", thread_id="t"))
    page = await opened(console, ana)
    await console.bench.arrives(
        comment("c2", "Never mind, I found it.", thread_id="t", parent_id="c1", root_id="c1")
    )
    stale = await ana.press(page, "Send reply", text=REPLY)
    assert stale.status == 409
    assert "1 comment is new in the thread" in stale.text
    assert (await console.bench.item()).row.state is State.AWAITING_REVIEW


@pytest.mark.fault(32)
async def test_whoever_decides_second_hears_who_was_first_and_keeps_the_text(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    bea = await console.person("Bea", Role.APPROVER)
    async with reading(console.url) as other:
        await other.sign_in(await console.link(bea))
        page = await opened(console, other)
        await ana.press(await opened(console, ana), "Send reply", text=REPLY)
        second = await other.press(page, "Send reply", text="No, sorry.")
    assert second.status == 409
    assert "Ana decided this already" in second.text
    assert "No, sorry." in second.text


async def test_a_text_that_cannot_be_sent_comes_back(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    for text, why in ((" \n", "it is empty"), ("a\u202eb", "invisible character (U+202E)")):
        page = await ana.press(await opened(console, ana), "Send reply", text=text)
        assert page.status == 422
        assert why in page.text
        assert page.form("Send reply").fields["text"] == text


async def test_far_too_much_text_is_refused_in_words(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    page = await ana.press(await opened(console, ana), "Send reply", text="x" * 2_000_000)
    assert page.status == 413
    assert "That is too much text at once; nothing was sent." in page.text


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=klingon", b"text=a"),
        ("application/x-www-form-urlencoded", b"text=\xff"),
        ("multipart/form-data", b"text=a"),
        ("multipart/form-data; boundary=x", b"text=a"),
    ],
)
async def test_a_form_that_cannot_be_read_is_refused_in_words(
    console: ConsoleBench, ana: Reader, content_type: str, body: bytes
) -> None:
    await console.bench.arrives(comment())
    address = (await opened(console, ana)).form("Send reply").action
    headers = {"Content-Type": content_type, "Origin": ana.url}
    async with ana.http.post(address, data=body, headers=headers) as answer:
        assert answer.status == 422
        assert "The form could not be read; nothing was changed." in await answer.text()


async def test_nonsense_in_hidden_fields_is_left_out(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    nonsense = {"draft_version": "9" * 5000, "seen": '{"thread": [["c", Infinity]]}'}
    page = await ana.press(await opened(console, ana), "Send reply", text=REPLY, **nonsense)
    assert page.status == 200
    assert "Your reply to" in page.text


async def test_a_suggestion_stands_in_the_editor_with_its_grounds(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    passage = Passage(
        id="p", title="Offline", quote="It works offline.", url="https://a.example/", sha256="0"
    )
    await console.suggested("Yes.\nAlways.", passages=(passage,), unsupported=("Always.",))
    page = await opened(console, ana)
    assert page.form("Send reply").fields["text"] == "Yes.\nAlways."
    assert "Check these: nothing that we know supports them. Always." in page.text
    assert "It works offline." in page.text
    assert "https://a.example/" in page.links


async def test_no_suggestion_opens_an_empty_editor_with_the_reason(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    await console.suggested(None)
    page = await opened(console, ana)
    assert page.form("Send reply").fields["text"].strip() == ""
    assert "No suggestion yet. Write the answer" in page.text


async def test_where_nothing_can_be_posted_the_person_says_where_it_stands(
    console: ConsoleBench, ana: Reader
) -> None:
    bench = console.bench
    bench.place.capabilities = replace(bench.place.capabilities, posts=False)
    await bench.arrives(comment())
    page = await opened(console, ana)
    assert "Copy the text, post it there, and say where it stands" in page.text
    wrong = await ana.press(page, "I posted it there", text=REPLY, url="javascript:alert(1)")
    assert wrong.status == 422
    await ana.press(page, "I posted it there", text=REPLY, url="https://garden.example/7")
    item = await bench.item()
    assert item.row.state is State.ANSWERED
    assert item.reply_url == "https://garden.example/7"


async def test_an_unknown_delivery_asks_a_person_to_look(
    console: ConsoleBench, ana: Reader
) -> None:
    await in_doubt(console)
    page = await opened(console, ana)
    assert "Did it arrive? Please look" in page.text
    await ana.press(page, "It is there", url="https://garden.example/7")
    assert (await console.bench.item()).row.state is State.ANSWERED
    assert console.bench.place.calls == 1


async def test_an_unknown_delivery_is_sent_again_only_by_a_person(
    console: ConsoleBench, ana: Reader
) -> None:
    await in_doubt(console)
    await ana.press(await opened(console, ana), "It is not there: send it again")
    console.bench.place.listing_fails = False
    await console.bench.deliver()
    assert console.bench.place.calls == 2
    assert (await console.bench.item()).row.state is State.ANSWERED


@pytest.mark.fault(33)
async def test_a_page_from_before_the_last_attempt_sends_nothing_again(
    console: ConsoleBench, ana: Reader
) -> None:
    await in_doubt(console)
    stale = await opened(console, ana)
    console.bench.place.will([Behaviour(answer=AttemptOutcome.UNKNOWN)])
    await ana.press(await opened(console, ana), "It is not there: send it again")
    await console.bench.deliver()
    refused = await ana.press(stale, "It is not there: send it again")
    assert refused.status == 409
    assert "It was tried once more since you looked" in refused.text
    await console.bench.deliver()
    assert console.bench.place.texts("c1") == [REPLY]


async def test_a_refused_delivery_shows_the_sites_words_and_goes_back_to_the_editor(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    console.bench.place.will([Behaviour(stores=False, answer=AttemptOutcome.REFUSED)])
    await console.bench.approve(reply=REPLY)
    await console.bench.release()
    await console.bench.deliver()
    page = await opened(console, ana)
    assert "Could not be posted" in page.text
    assert "as the script says" in page.text
    again = await ana.press(page, "Back to the editor")
    assert again.form("Send reply").fields["text"] == REPLY


@pytest.mark.parametrize(
    ("role", "may_send", "may_close"),
    [(Role.VIEWER, False, False), (Role.REVIEWER, False, True), (Role.APPROVER, True, True)],
)
async def test_each_role_gets_its_controls_and_the_server_decides(
    console: ConsoleBench, role: Role, *, may_send: bool, may_close: bool
) -> None:
    await console.bench.arrives(comment())
    bea = await console.person("Bea", role)
    item = await console.bench.item()
    async with reading(console.url) as reader:
        await reader.sign_in(await console.link(bea))
        page = await opened(console, reader)
        assert page.has_button("Send reply") is may_send
        assert page.has_button("Close without reply") is may_close
        address = f"/engagements/{item.row.engagement_id}"
        fields = {"context": item.context, "text": REPLY, "reason": "spam", "key": "k"}
        sent = await reader.post(f"{address}/send", fields)
        assert sent.status == (200 if may_send else 403)
        if not may_send:
            closed = await reader.post(f"{address}/close", fields)
            assert closed.status == (200 if may_close else 403)


@pytest.mark.fault(32)
async def test_of_many_who_decide_at_once_one_decides(console: ConsoleBench, ana: Reader) -> None:
    """Ten sends and ten closings of one comment, all at once: one is held, all others hear of it."""
    await console.bench.arrives(comment())
    pages = [await opened(console, ana) for _ in range(20)]
    answers = await asyncio.gather(
        *(ana.press(page, "Send reply", text=REPLY) for page in pages[::2]),
        *(ana.press(page, "Close without reply", reason="spam") for page in pages[1::2]),
    )
    assert sorted(answer.status for answer in answers) == [200] + [409] * 19
    await console.bench.release()
    await console.bench.deliver()
    item = await console.bench.item()
    assert item.row.state in {State.ANSWERED, State.DISMISSED}
    assert console.bench.place.calls == (1 if item.row.state is State.ANSWERED else 0)
    await console.bench.audited()


async def test_what_was_only_passed_on_is_not_called_answered(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    console.bench.place.will(
        [Behaviour(stores=False, answer=AttemptOutcome.HANDED_OVER, tells_id=False)]
    )
    await console.bench.approve()
    await console.bench.release()
    await console.bench.deliver(within_seconds=1)
    page = await opened(console, ana)
    assert "Passed on to Garden guestbook, not yet seen on the site" in page.text
    assert "Answered" not in page.text


async def test_what_the_site_holds_back_is_called_held(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    console.bench.place.will([Behaviour(answer=AttemptOutcome.HANDED_OVER, is_public=False)])
    await console.bench.approve()
    await console.bench.release()
    await console.bench.deliver(within_seconds=10)
    assert "Held on the site" in (await opened(console, ana)).text
