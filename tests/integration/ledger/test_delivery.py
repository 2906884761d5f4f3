"""What a platform may do to us, and that the person below the comment gets one answer all the same."""

from dataclasses import replace
from itertools import pairwise

import pytest

from responder.delivery.ports import AttemptOutcome
from responder.engagement.lifecycle import State
from responder.review.commands import (
    FoundThere,
    Reopen,
    SendAgain,
)
from responder.testing.factories import comment
from responder.testing.ledger import ANA, Bench
from responder.testing.place import OBEDIENT, Behaviour

LOST_ANSWER = Behaviour(stores=True, answer=AttemptOutcome.UNKNOWN)
NEVER_ARRIVED = Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)
LYING_REFUSAL = Behaviour(stores=True, answer=AttemptOutcome.REFUSED)
REFUSAL = Behaviour(stores=False, answer=AttemptOutcome.REFUSED)
UNREACHABLE = Behaviour(stores=False, answer=AttemptOutcome.NOT_SENT)
LATER = Behaviour(stores=False, answer=AttemptOutcome.THROTTLED, after_seconds=900)
PROMISED_SECONDS = (5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600)
"""As it is published, before the second, third, … try; a tenth more or less, so that not all come at once."""
HELD = Behaviour(stores=True, answer=AttemptOutcome.HANDED_OVER, is_public=False)


async def approved(bench: Bench, *script: Behaviour) -> None:
    bench.place.will(script)
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()


@pytest.mark.parametrize(
    "script",
    [
        [LOST_ANSWER],
        [LYING_REFUSAL],
        [NEVER_ARRIVED],
        [UNREACHABLE, UNREACHABLE, LOST_ANSWER],
        [LATER],
        [LATER, LOST_ANSWER],
        [NEVER_ARRIVED, NEVER_ARRIVED, LYING_REFUSAL],
    ],
)
async def test_whatever_the_platform_says_the_reply_stands_there_once(
    bench: Bench, script: list[Behaviour]
) -> None:
    await approved(bench, *script)
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, it does."]
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_a_refusal_is_only_believed_after_two_complete_looks(bench: Bench) -> None:
    await approved(bench, REFUSAL)
    await bench.deliver()
    assert bench.seen.findings == ["absent", "absent"]
    assert await bench.states() == {"c1": State.DELIVERY_FAILED}
    await bench.audited()


@pytest.mark.promise(4)
async def test_a_place_that_is_never_reached_is_tried_as_promised_and_then_a_person_is_asked(
    bench: Bench,
) -> None:
    await approved(bench, *[UNREACHABLE] * 20)
    await bench.deliver(within_seconds=2 * 86_400)
    item = await bench.item()
    assert item.row.state is State.DELIVERY_FAILED
    tries = [each.started_at for each in item.deliveries]
    waits = [(later - sooner).total_seconds() for sooner, later in pairwise(tries)]
    assert waits == [pytest.approx(promised, rel=0.1) for promised in PROMISED_SECONDS]
    await bench.audited()


async def test_a_place_that_says_later_for_ever_is_left_to_a_person(bench: Bench) -> None:
    await approved(bench, *[LATER] * 150)
    await bench.deliver(within_seconds=3 * 86_400)
    item = await bench.item()
    assert item.row.state is State.DELIVERY_FAILED
    assert item.history[-1].reason == "throttled"
    assert len(item.deliveries) < 150
    bench.place.script.clear()
    await bench.approve(reply="In other words: yes.")
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == ["In other words: yes."]
    await bench.audited()


async def test_a_guard_that_says_later_for_hours_is_waited_for(bench: Bench) -> None:
    await approved(bench, *[LATER] * 20)
    await bench.deliver(within_seconds=86_400)
    assert bench.place.texts("c1") == ["Yes, it does."]
    assert await bench.states() == {"c1": State.ANSWERED}


async def test_a_new_throttle_after_another_answer_is_met_with_new_patience(bench: Bench) -> None:
    await approved(bench, LATER, *[UNREACHABLE] * 7, LATER)
    await bench.deliver(within_seconds=3 * 86_400)
    assert bench.place.texts("c1") == ["Yes, it does."]


async def test_a_refused_reply_can_be_written_anew_and_sent(bench: Bench) -> None:
    await approved(bench, REFUSAL)
    await bench.deliver()
    await bench.approve(reply="In other words: yes.")
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == ["In other words: yes."]
    await bench.audited()


async def test_a_refused_reply_can_be_given_back_to_the_queue(bench: Bench) -> None:
    await approved(bench, REFUSAL)
    await bench.deliver()
    item = await bench.item()
    await bench.review.reopen(
        Reopen(engagement_id=item.row.engagement_id, actor=ANA, key="k", context=item.context)
    )
    assert await bench.states() == {"c1": State.AWAITING_REVIEW}
    await bench.audited()


async def test_where_reading_back_settles_nothing_a_person_is_asked(bench: Bench) -> None:
    bench.place.listing_is_complete = False
    await approved(bench, NEVER_ARRIVED)
    await bench.deliver()
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}
    assert bench.place.calls == 1
    await bench.audited()


async def test_a_listing_that_fails_is_tried_again_before_a_person_is_asked(bench: Bench) -> None:
    bench.place.listing_fails = True
    await approved(bench, LOST_ANSWER)
    await bench.deliver()
    assert bench.seen.findings == ["inconclusive"] * 3
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}


async def test_a_person_who_found_it_there_ends_the_doubt_without_a_second_post(
    bench: Bench,
) -> None:
    bench.place.listing_fails = True
    await approved(bench, LOST_ANSWER)
    await bench.deliver()
    item = await bench.item()
    await bench.review.found_there(
        FoundThere(
            engagement_id=item.row.engagement_id,
            actor=ANA,
            key="k",
            context=item.context,
            url="https://place.example/reply-1",
        )
    )
    await bench.deliver()
    assert bench.place.calls == 1
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_a_person_who_did_not_find_it_has_it_sent_again(bench: Bench) -> None:
    bench.place.listing_fails = True
    await approved(bench, NEVER_ARRIVED)
    await bench.deliver()
    item = await bench.item()
    await bench.review.send_again(
        SendAgain(engagement_id=item.row.engagement_id, actor=ANA, key="k", context=item.context)
    )
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, it does."]
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_a_reply_held_by_the_sites_moderation_is_answered_only_when_it_is_public(
    bench: Bench,
) -> None:
    await approved(bench, HELD)
    await bench.deliver()
    item = await bench.item()
    assert item.row.state is State.SENDING
    assert item.is_held_on_site
    bench.place.replies = [
        (parent, replace(reply, is_public=True)) for parent, reply in bench.place.replies
    ]
    await bench.deliver()
    assert await bench.states() == {"c1": State.ANSWERED}
    assert bench.place.calls == 1
    await bench.audited()


async def test_a_reply_that_was_handed_over_and_never_seen_becomes_a_question(
    bench: Bench,
) -> None:
    bench.place.capabilities = replace(
        OBEDIENT, reads_back=False, idempotency="key", handover_deadline_seconds=600
    )
    await approved(bench, Behaviour(answer=AttemptOutcome.HANDED_OVER, tells_id=False))
    await bench.deliver()
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}
    await bench.audited()


async def test_an_attempt_left_open_by_a_dead_worker_is_looked_up_not_repeated(
    bench: Bench,
) -> None:
    await approved(bench)
    bench.place.will([LOST_ANSWER])
    job = await bench.delivery_work.claim(None, at=bench.clock.now(), lease_seconds=0)
    assert job is not None
    assert await bench.delivery_work.begin_attempt(job, at=bench.clock.now()) == 1
    posting = bench.delivery._posting(job, attempt=1)
    await bench.place.reply(posting)  # and here the worker dies
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, it does."]
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_a_comment_that_is_gone_when_we_look_before_the_call_ends_withdrawn(
    bench: Bench,
) -> None:
    bench.place.gone.add("c1")
    await approved(bench)
    await bench.deliver()
    assert bench.place.calls == 0
    assert await bench.states() == {"c1": State.WITHDRAWN}
    await bench.audited()
