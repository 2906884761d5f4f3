"""A command that comes a second time: it changes nothing, and is told so where its effect is gone."""

from dataclasses import replace

import pytest

from responder.delivery.ports import AttemptOutcome
from responder.engagement.lifecycle import State
from responder.engagement.model import DismissalReason
from responder.review.commands import (
    Approve,
    Command,
    Dismiss,
    Reopen,
    SendAgain,
)
from responder.review.errors import (
    UsedBefore,
)
from responder.testing.factories import comment
from responder.testing.ledger import ANA, Bench
from responder.testing.place import Behaviour

NEVER_ARRIVED = Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)


async def command(bench: Bench, comment_id: str = "c1", key: str = "form") -> Command:
    """What every form on the comment's page carries."""
    item = await bench.item(comment_id)
    return Command(engagement_id=item.row.engagement_id, actor=ANA, key=key, context=item.context)


async def approval(bench: Bench, reply: str = "Yes, it does.") -> Approve:
    made = await command(bench)
    return Approve(
        engagement_id=made.engagement_id,
        actor=ANA,
        key=made.key,
        context=made.context,
        text=reply,
    )


async def test_a_repeat_while_the_reply_is_held_or_gone_changes_nothing(bench: Bench) -> None:
    await bench.arrives(comment())
    form = await approval(bench)
    await bench.review.approve(form)
    await bench.review.approve(form)
    await bench.release()
    await bench.review.approve(form)
    await bench.deliver()
    await bench.review.approve(form)
    assert bench.place.texts("c1") == ["Yes, it does."]
    await bench.audited()


async def test_a_repeat_after_an_undo_sends_nothing_and_says_so(bench: Bench) -> None:
    await bench.arrives(comment())
    form = await approval(bench)
    await bench.review.approve(form)
    await bench.undo()
    with pytest.raises(UsedBefore):
        await bench.review.approve(replace(form, text="Yes, and offline too."))
    await bench.release()
    await bench.deliver()
    assert bench.place.calls == 0
    await bench.review.approve(replace(form, text="Yes, and offline too.", key="a new form"))
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, and offline too."]
    await bench.audited()


async def test_a_repeat_after_the_thread_stopped_the_reply_says_so(bench: Bench) -> None:
    await bench.arrives(comment())
    form = await approval(bench)
    await bench.review.approve(form)
    await bench.arrives(comment(text="Does it work without a network?", kind="edited"))
    with pytest.raises(UsedBefore):
        await bench.review.approve(form)
    assert await bench.states() == {"c1": State.AWAITING_REVIEW}


async def test_a_repeat_after_its_author_edited_an_answered_comment_is_still_done(
    bench: Bench,
) -> None:
    await bench.arrives(comment())
    form = await approval(bench)
    await bench.review.approve(form)
    await bench.release()
    await bench.deliver()
    await bench.arrives(comment(text="Does it work without a network?", kind="edited"))
    await bench.review.approve(form)
    assert await bench.states() == {"c1": State.ANSWERED}


async def test_a_repeat_of_a_reply_that_was_answered_and_opened_again_says_so(
    bench: Bench,
) -> None:
    await bench.arrives(comment())
    form = await approval(bench)
    await bench.review.approve(form)
    await bench.release()
    await bench.deliver()
    made = await command(bench, key="opened")
    await bench.review.reopen(
        Reopen(engagement_id=made.engagement_id, actor=ANA, key=made.key, context=made.context)
    )
    with pytest.raises(UsedBefore):
        await bench.review.approve(form)
    assert bench.place.calls == 1


async def test_a_repeat_of_a_closing_that_was_taken_back_says_so(bench: Bench) -> None:
    await bench.arrives(comment())
    made = await command(bench)
    form = Dismiss(
        engagement_id=made.engagement_id,
        actor=ANA,
        key=made.key,
        context=made.context,
        reason=DismissalReason.OFF_TOPIC,
    )
    await bench.review.dismiss(form)
    await bench.review.dismiss(form)
    await bench.undo()
    with pytest.raises(UsedBefore):
        await bench.review.dismiss(form)


async def test_sending_again_is_not_repeated_by_the_form_that_asked_for_it_before(
    bench: Bench,
) -> None:
    """Each *It is not there* takes a look of its own."""
    bench.place.listing_fails = True
    bench.place.will([NEVER_ARRIVED] * 3)
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    await bench.deliver()
    made = await command(bench)
    form = SendAgain(
        engagement_id=made.engagement_id, actor=ANA, key=made.key, context=made.context
    )
    await bench.review.send_again(form)
    await bench.review.send_again(form)
    await bench.deliver()
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}
    with pytest.raises(UsedBefore):
        await bench.review.send_again(form)
    assert bench.place.calls == 2


async def test_one_key_on_two_comments_or_for_two_acts_is_two_commands(bench: Bench) -> None:
    await bench.arrives(comment(), comment("c9", "And in winter?"))
    first = await approval(bench)
    other = await command(bench, "c9")
    await bench.review.approve(first)
    await bench.review.approve(
        replace(first, engagement_id=other.engagement_id, context=other.context)
    )
    assert set((await bench.states()).values()) == {State.APPROVED}


async def test_undoing_twice_is_undoing_once(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.undo()
    await bench.undo()
    assert await bench.states() == {"c1": State.AWAITING_REVIEW}
    await bench.audited()
