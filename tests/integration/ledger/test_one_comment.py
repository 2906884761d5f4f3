"""The path of one comment on a real ledger, stage by stage."""

import pytest

from responder.engagement.lifecycle import State
from responder.engagement.model import DismissalReason, DueOutcome, Kind
from responder.review.commands import (
    Approve,
    PostedByPerson,
    Reopen,
)
from responder.review.errors import (
    AlreadyDecided,
    StaleApproval,
    TooLateToUndo,
)
from responder.testing.factories import NOON, comment
from responder.testing.ledger import ANA, Bench


async def test_a_comment_is_queued_approved_posted_once_and_answered(bench: Bench) -> None:
    await bench.arrives(comment())
    assert await bench.queue() == ["c1"]
    await bench.approve(reply="Yes, it does.")
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, it does."]
    item = await bench.item()
    assert item.row.state is State.ANSWERED
    assert item.row.due_outcome is DueOutcome.MET
    assert item.reply_url == "https://place.example/reply-1"
    await bench.audited()


@pytest.mark.promise(8)
async def test_the_same_comment_from_webhook_and_poll_is_one_engagement(bench: Bench) -> None:
    await bench.arrives(comment(), comment())
    await bench.arrives(comment(via="poll"))
    assert await bench.queue() == ["c1"]
    await bench.audited()


async def test_an_undone_reply_is_never_posted_and_the_item_is_back(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.undo()
    await bench.release()
    await bench.deliver()
    assert bench.place.calls == 0
    assert (await bench.item()).row.state is State.AWAITING_REVIEW
    await bench.audited()


async def test_after_its_undo_time_a_reply_cannot_be_taken_back(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    with pytest.raises(TooLateToUndo):
        await bench.undo()


async def test_a_held_closing_counts_as_open_until_its_undo_time_is_over(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.dismiss()
    assert await bench.states() == {"c1": State.AWAITING_REVIEW}
    await bench.release()
    item = await bench.item()
    assert item.row.state is State.DISMISSED
    assert item.dismissal is DismissalReason.OFF_TOPIC
    assert item.row.due_outcome is DueOutcome.EXCUSED
    await bench.audited()


async def test_an_edit_stops_a_held_closing_as_it_stops_a_held_reply(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.dismiss()
    await bench.arrives(comment(text="Sorry: does it work on trains?", kind="edited"))
    await bench.release()
    assert await bench.states() == {"c1": State.AWAITING_REVIEW}
    assert (await bench.item()).row.held is None
    await bench.audited()


async def test_a_second_decision_is_told_who_decided_first(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    with pytest.raises(AlreadyDecided):
        await bench.dismiss()


async def test_a_follow_up_by_the_author_voids_a_held_reply(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.arrives(comment("c2", "Wait, I meant the app!", thread_id="c1", parent_id="c1"))
    assert (await bench.states())["c1"] is State.AWAITING_REVIEW
    await bench.release()
    await bench.deliver()
    assert bench.place.calls == 0
    await bench.audited()


async def test_an_edit_between_release_and_sending_voids_the_reply(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    await bench.arrives(comment(text="Never mind, I found it?", kind="edited"))
    await bench.deliver()
    assert bench.place.calls == 0
    assert await bench.states() == {"c1": State.AWAITING_REVIEW}
    await bench.audited()


async def test_somebody_else_under_the_same_post_voids_nothing(bench: Bench) -> None:
    await bench.arrives(comment(thread_id="post"))
    await bench.approve()
    bob = {"id": "bob", "name": "Bob"}
    await bench.arrives(comment("c2", "What about winter?", thread_id="post", author=bob))
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, it does."]


async def test_approving_what_has_changed_since_is_refused_with_what_stands_now(
    bench: Bench,
) -> None:
    await bench.arrives(comment())
    shown = await bench.item()
    await bench.arrives(comment(text="And on a phone?", kind="edited"))
    with pytest.raises(StaleApproval) as refused:
        await bench.review.approve(
            Approve(
                engagement_id=shown.row.engagement_id,
                actor=ANA,
                key="k",
                context=shown.context,
                text="Yes.",
            )
        )
    assert refused.value.context == (await bench.item()).context


async def test_a_deleted_comment_is_withdrawn_and_nothing_is_sent(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    await bench.arrives(comment(kind="deleted"))
    await bench.deliver()
    assert bench.place.calls == 0
    assert await bench.states() == {"c1": State.WITHDRAWN}
    await bench.audited()


async def test_a_deletion_that_overtakes_its_creation_ends_withdrawn(bench: Bench) -> None:
    await bench.arrives(comment(kind="deleted"))
    await bench.arrives(comment())
    assert await bench.states() == {"c1": State.WITHDRAWN}
    await bench.audited()


async def test_an_edit_whose_creation_never_came_is_accepted(bench: Bench) -> None:
    await bench.arrives(comment(text="Does it work on trains?", kind="edited"))
    await bench.arrives(comment())
    assert await bench.queue() == ["c1"]
    assert (await bench.item()).comment.text == "Does it work on trains?"
    await bench.audited()


async def test_our_own_echo_is_no_engagement_and_confirms_the_reply(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    await bench.deliver()
    us = {"id": "us", "name": "Arbor Team"}
    await bench.arrives(
        comment("reply-1", "Yes, it does.", author=us, thread_id="c1", parent_id="c1")
    )
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_an_answer_given_on_the_platform_ends_the_item_as_elsewhere(bench: Bench) -> None:
    await bench.arrives(comment())
    us = {"id": "us", "name": "Arbor Team"}
    await bench.arrives(comment("x9", "It does.", author=us, thread_id="c1", parent_id="c1"))
    item = await bench.item()
    assert item.row.state is State.ANSWERED
    assert [entry.reason for entry in item.history][-1] == "elsewhere"
    await bench.audited()


async def test_a_reply_that_a_person_posted_by_hand_ends_the_item_with_its_link(
    bench: Bench,
) -> None:
    await bench.arrives(comment())
    item = await bench.item()
    await bench.review.posted_by_person(
        PostedByPerson(
            engagement_id=item.row.engagement_id,
            actor=ANA,
            key="k",
            context=item.context,
            url="https://garden.example/c1#r",
            text="Yes.",
        )
    )
    assert (await bench.item()).reply_url == "https://garden.example/c1#r"
    await bench.audited()


async def test_an_overdue_item_is_missed_once_even_if_it_is_answered_later(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.clock.forward(9 * 3600)
    assert await bench.misses.record_due(at=bench.clock.now()) == 1
    assert await bench.misses.record_due(at=bench.clock.now()) == 0
    await bench.approve()
    await bench.release()
    await bench.deliver()
    item = await bench.item()
    assert item.row.state is State.ANSWERED
    assert item.row.due_outcome is DueOutcome.MISSED


async def test_a_reopened_item_gets_a_new_due_time_and_keeps_the_old_outcome(
    bench: Bench,
) -> None:
    await bench.arrives(comment())
    await bench.dismiss()
    await bench.release()
    item = await bench.item()
    await bench.review.reopen(
        Reopen(engagement_id=item.row.engagement_id, actor=ANA, key="k", context=item.context)
    )
    again = await bench.item()
    assert again.row.state is State.AWAITING_REVIEW
    assert again.row.due_outcome is None
    assert again.row.due_at is not None
    assert again.row.due_at > bench.clock.now()
    await bench.audited()


async def test_what_a_rule_closed_is_listed_and_an_edit_opens_it_again(bench: Bench) -> None:
    await bench.arrives(comment(text=""))
    assert await bench.queue("closed") == ["c1"]
    assert (await bench.item()).dismissal is DismissalReason.EMPTY
    edited = comment(text="Does the planner also work offline?", kind=Kind.EDITED, edited_at=NOON)
    await bench.arrives(edited)
    assert await bench.queue() == ["c1"]
    await bench.audited()
