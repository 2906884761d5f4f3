"""A comment on the guestbook's page, through the queue, and back to the page."""

from responder.testing.caller import Caller
from responder.testing.running import eventually


async def test_a_comment_is_answered_where_it_was_written_once(caller: Caller) -> None:
    question = "When is the shop open on Tuesday?"
    comment_id = await caller.write("Ben", question)

    drafted = await caller.drafted(question)
    assert drafted.author_name == "Ben"
    assert drafted.comment.comment_id == comment_id
    assert drafted.intent == "question"
    assert drafted.language == "en"
    assert drafted.draft is not None
    assert drafted.draft.text is not None
    assert "The shop is open from Monday to Friday, 10:00 to 18:00." in drafted.draft.text
    assert [each.title for each in drafted.draft.passages] == ["Opening hours of the shop"]
    assert drafted.can_post

    reply = drafted.draft.text + " See you there."
    assert (await caller.approve(drafted, reply)).status == 200
    answered = await caller.becomes(drafted, "answered")
    assert answered.reply_text == reply
    assert answered.reply_url is not None
    assert (await caller.visit(answered.reply_url)).comments == [question, reply]


async def test_our_own_reply_is_no_new_comment_and_the_next_one_of_its_reader_is(
    caller: Caller,
) -> None:
    first, second = "Do you ship to Norway as well?", "And what would that cost me?"
    comment_id = await caller.write("Cai", first)
    arrived = await caller.arrived(first)
    await caller.approve(arrived, "We do, since last spring.")
    await caller.becomes(arrived, "answered")

    await caller.write("Cai", second)
    later = await caller.arrived(second)
    assert later.id != arrived.id
    everything = [await caller.queue(state) for state in ("open", "answered", "closed")]
    excerpts = [row.excerpt for shown in everything for row in shown.items]
    assert "We do, since last spring." not in excerpts
    page = await caller.visit(f"/comment?id={comment_id}")
    assert page.comments == [first, "We do, since last spring."]


async def test_an_edit_is_seen_and_makes_an_older_approval_stale(caller: Caller) -> None:
    comment_id = await caller.write("Dee", "Is the blue one waterproof?")
    seen = await caller.arrived("Is the blue one waterproof?")
    await caller.edit(comment_id, "Is the green one waterproof?")
    edited = await caller.arrived("Is the green one waterproof?")
    assert edited.id == seen.id
    assert edited.comment.revision > seen.comment.revision

    refused = await caller.approve(seen, "The blue one is.")
    assert refused.status == 409
    assert refused.json()["context"] == edited.context
    assert (await caller.read(seen)).state == "awaiting_review"

    assert (await caller.approve(edited, "The green one is.")).status == 200
    await caller.becomes(edited, "answered")
    page = await caller.visit(f"/comment?id={comment_id}")
    assert page.comments == ["Is the green one waterproof?", "The green one is."]


async def test_a_comment_that_its_author_deletes_is_withdrawn_and_never_answered(
    caller: Caller,
) -> None:
    open_id = await caller.write("Eva", "Can I return the lamp after a month?")
    arrived = await caller.arrived("Can I return the lamp after a month?")
    await caller.delete(open_id)
    await caller.becomes(arrived, "withdrawn")

    held_id = await caller.write("Eva", "Can I return the chair after a month?")
    held = await caller.arrived("Can I return the chair after a month?")
    assert (
        await caller.approve(held, "You can, within sixty days.", undo_seconds=60)
    ).status == 200
    await caller.delete(held_id)
    withdrawn = await caller.becomes(held, "withdrawn")
    assert withdrawn.deliveries == []
    assert (await caller.approve(held, "You can, within sixty days.")).status == 409


async def test_a_reply_can_be_taken_back_in_its_undo_time(caller: Caller) -> None:
    comment_id = await caller.write("Finn", "Does the kettle switch itself off?")
    arrived = await caller.arrived("Does the kettle switch itself off?")
    await caller.approve(arrived, "It dose.", undo_seconds=60)
    held = await caller.becomes(arrived, "approved")
    assert held.held is not None
    assert held.held.text == "It dose."
    assert (await caller.api("POST", f"/engagements/{held.id}/undo")).status == 200

    again = await caller.becomes(arrived, "awaiting_review")
    await caller.approve(again, "It does.")
    await caller.becomes(again, "answered")
    page = await caller.visit(f"/comment?id={comment_id}")
    assert page.comments == ["Does the kettle switch itself off?", "It does."]


async def test_a_comment_can_be_closed_with_a_reason_and_stays_counted(caller: Caller) -> None:
    await caller.push("close-1", "What would you say to my own shop for kettles?")
    arrived = await caller.arrived("What would you say to my own shop")
    balance = (await caller.queue()).balance
    closing = {"reason": "not_ours", "context": arrived.context, "undo_seconds": 0}
    assert (await caller.api("POST", f"/engagements/{arrived.id}/dismiss", closing)).status == 200
    closed = await caller.becomes(arrived, "dismissed")
    assert closed.dismissal == "not_ours"

    async def counted() -> bool:
        after = (await caller.queue()).balance
        return after.dismissed >= balance.dismissed + 1 and after.unaccounted == 0

    await eventually(counted)
