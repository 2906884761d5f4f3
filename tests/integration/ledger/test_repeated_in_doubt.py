"""Where a doubtful call is repeated under its key: the doubt stays until somebody knows better."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from responder.delivery.ports import AttemptOutcome
from responder.engagement.events import Event, ReplyPosted
from responder.engagement.lifecycle import State
from responder.testing.factories import NOON, comment
from responder.testing.ledger import Bench
from responder.testing.place import OBEDIENT, Behaviour

LOST_ANSWER = Behaviour(stores=True, answer=AttemptOutcome.UNKNOWN)
NEVER_ARRIVED = Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)
REFUSAL = Behaviour(stores=False, answer=AttemptOutcome.REFUSED)
UNREACHABLE = Behaviour(stores=False, answer=AttemptOutcome.NOT_SENT)
LATER = Behaviour(stores=False, answer=AttemptOutcome.THROTTLED, after_seconds=900)
HANDED_OVER = Behaviour(answer=AttemptOutcome.HANDED_OVER, tells_id=False)
KEEPS_KEYS = replace(OBEDIENT, reads_back=False, idempotency="key")
A_WEEK = 7 * 86_400.0


async def approved(bench: Bench, *script: Behaviour) -> None:
    """A reply is on its way to a place that keeps keys and lists nothing."""
    bench.place.capabilities = KEEPS_KEYS
    bench.place.will(script)
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()


async def outcomes(bench: Bench) -> list[str | None]:
    return [each.outcome for each in (await bench.item()).deliveries]


async def keys(bench: Bench) -> set[str]:
    async with bench.engine.connect() as connection:
        found = await connection.execute(text("SELECT idempotency_key FROM delivery_attempt"))
        return set(found.scalars())


async def reason(bench: Bench) -> str | None:
    return (await bench.item()).history[-1].reason


def receipt_of(reply_id: object, comment_id: str) -> tuple[Event, ReplyPosted]:
    data = ReplyPosted.model_validate(
        {"reply_id": reply_id, "comment_id": comment_id, "thread_id": "c1", "url": None}
    )
    event = Event.of(
        data, event_id=data.event_id("garden"), source="garden", subject="c1", time=NOON
    )
    return event, data


async def test_a_repeat_that_is_refused_leaves_the_first_call_in_doubt(bench: Bench) -> None:
    await approved(bench, LOST_ANSWER, REFUSAL)
    await bench.deliver()
    assert await outcomes(bench) == ["unknown", "refused"]
    assert (await bench.states(), await reason(bench)) == (
        {"c1": State.DELIVERY_UNKNOWN},
        "refused",
    )
    await bench.audited()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ([LOST_ANSWER, *[NEVER_ARRIVED] * 20], "no_clear_answer"),
        ([LOST_ANSWER, *[UNREACHABLE] * 20], "not_reachable"),
        ([UNREACHABLE, LOST_ANSWER, *[UNREACHABLE] * 20], "not_reachable"),
        ([LOST_ANSWER, *[LATER] * 200], "throttled"),
        ([LOST_ANSWER, UNREACHABLE, LATER, REFUSAL], "refused"),
    ],
)
async def test_when_repeating_ends_without_an_answer_a_person_is_asked(
    bench: Bench, script: list[Behaviour], why: str
) -> None:
    await approved(bench, *script)
    await bench.deliver(within_seconds=A_WEEK)
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}
    assert await reason(bench) == why
    assert bench.place.texts("c1") == ["Yes, it does."]
    await bench.audited()


async def test_while_it_is_repeated_it_is_in_doubt_and_nothing_new_can_be_sent(
    bench: Bench,
) -> None:
    await approved(bench, LOST_ANSWER)
    await bench.delivery.run()
    assert await outcomes(bench) == ["unknown"]
    assert await bench.states() == {"c1": State.SENDING}


async def test_a_repeat_under_the_same_key_ends_the_doubt_and_stands_once(bench: Bench) -> None:
    await approved(bench, LOST_ANSWER, NEVER_ARRIVED, UNREACHABLE)
    await bench.deliver()
    assert await bench.states() == {"c1": State.ANSWERED}
    assert await outcomes(bench) == ["unknown", "unknown", "not_sent", "sent"]
    assert bench.place.texts("c1") == ["Yes, it does."]
    assert len(await keys(bench)) == 1
    await bench.audited()


async def test_a_call_that_a_dead_worker_left_open_is_repeated_and_stays_in_doubt(
    bench: Bench,
) -> None:
    await approved(bench)
    job = await bench.delivery_work.claim(None, at=bench.clock.now(), lease_seconds=0)
    assert job is not None
    assert await bench.delivery_work.begin_attempt(job, at=bench.clock.now()) == 1
    bench.place.will([REFUSAL])  # and the worker dies
    await bench.deliver()
    assert await outcomes(bench) == ["unknown", "refused"]
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}
    await bench.audited()


async def test_a_thread_that_changes_while_it_is_repeated_leaves_a_question(bench: Bench) -> None:
    await approved(bench, LOST_ANSWER)
    await bench.delivery.run()
    await bench.arrives(comment(text="Does it, or not?", kind="edited"))
    await bench.deliver()
    assert bench.place.calls == 1
    assert (await bench.states(), await reason(bench)) == (
        {"c1": State.DELIVERY_UNKNOWN},
        "thread_changed",
    )
    await bench.audited()


async def test_a_comment_that_is_deleted_while_it_is_repeated_leaves_a_question(
    bench: Bench,
) -> None:
    await approved(bench, LOST_ANSWER)
    await bench.delivery.run()
    await bench.arrives(comment(text="", kind="deleted"))
    await bench.deliver()
    assert (bench.place.calls, await reason(bench)) == (1, "deleted")
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}
    await bench.audited()


async def test_a_look_before_the_repeat_gives_no_doubtful_reply_back(bench: Bench) -> None:
    await approved(bench, LOST_ANSWER)
    await bench.delivery.run()
    bench.place.gone.add("c1")
    await bench.deliver()
    assert (await bench.states(), await reason(bench)) == ({"c1": State.DELIVERY_UNKNOWN}, "gone")
    await bench.audited()


@pytest.mark.parametrize("then", [[], [UNREACHABLE], [LATER]])
async def test_a_way_out_that_is_taken_away_gives_no_doubtful_reply_back(
    bench: Bench, then: list[Behaviour]
) -> None:
    await approved(bench, LOST_ANSWER, *then)
    for _ in range(1 + len(then)):
        await bench.delivery.run()
        bench.clock.forward(60)
    bench.place.capabilities = replace(KEEPS_KEYS, posts=False)
    await bench.deliver()
    assert (await bench.states(), await reason(bench)) == (
        {"c1": State.DELIVERY_UNKNOWN},
        "no_way_out",
    )
    await bench.audited()


async def test_nothing_is_repeated_where_keys_are_kept_no_more(bench: Bench) -> None:
    await approved(bench, LOST_ANSWER, UNREACHABLE)
    await bench.delivery.run()
    bench.clock.forward(60)
    await bench.delivery.run()
    bench.place.capabilities = replace(KEEPS_KEYS, idempotency="none")
    await bench.deliver()
    assert bench.place.calls == 2
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}


async def test_no_repeat_goes_to_a_place_whose_sending_is_paused(bench: Bench) -> None:
    await approved(bench, LOST_ANSWER)
    await bench.delivery.run()
    async with bench.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO source_state VALUES ('garden', NULL, NULL, NULL, NULL, '401', now())")
        )
    bench.clock.forward(600)
    assert not await bench.delivery.run()
    assert bench.place.calls == 1


async def test_a_person_who_found_it_ends_a_doubt_of_many_calls(bench: Bench) -> None:
    await approved(bench, LOST_ANSWER, NEVER_ARRIVED, REFUSAL)
    await bench.deliver()
    await bench.found_there()
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.reopen()
    await bench.arrives(comment(text="", kind="deleted"))
    assert await bench.states() == {"c1": State.WITHDRAWN}  # the doubt is over
    await bench.audited()


async def test_what_a_person_has_sent_again_goes_under_the_key_that_it_had(bench: Bench) -> None:
    await approved(bench, LOST_ANSWER, REFUSAL)
    await bench.deliver()
    await bench.send_again()  # who looked badly
    await bench.deliver()
    assert await bench.states() == {"c1": State.ANSWERED}
    assert bench.place.texts("c1") == ["Yes, it does."]
    assert len(await keys(bench)) == 1
    await bench.audited()


async def test_the_same_words_given_to_send_anew_go_under_the_key_that_they_had(
    bench: Bench,
) -> None:
    await approved(bench, LOST_ANSWER, REFUSAL)
    await bench.deliver()
    await bench.dismiss()
    await bench.release()
    await bench.reopen()
    await bench.approve()
    await bench.release()
    await bench.deliver()
    assert await bench.states() == {"c1": State.ANSWERED}
    assert bench.place.texts("c1") == ["Yes, it does."]
    await bench.audited()


async def test_a_receipt_for_what_was_given_up_in_doubt_is_one_for_the_same_words_sent_anew(
    bench: Bench,
) -> None:
    await approved(bench, LOST_ANSWER, REFUSAL)
    await bench.deliver()
    first = (await bench.item()).reply_id
    await bench.reopen()
    bench.place.will([HANDED_OVER])
    await bench.approve()
    await bench.release()
    await bench.delivery.run()
    event, data = receipt_of(first, "reply-1")
    assert await bench.delivery.receipt(event, data)
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_words_that_stood_once_and_are_wanted_again_have_a_new_key(bench: Bench) -> None:
    await approved(bench, LOST_ANSWER)
    await bench.deliver()
    await bench.reopen()
    await bench.approve()
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, it does."] * 2


async def test_other_words_go_under_a_key_of_their_own(bench: Bench) -> None:
    await approved(bench, NEVER_ARRIVED, REFUSAL)
    await bench.deliver()
    await bench.reopen()
    await bench.approve(reply="In other words: yes.")
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == ["In other words: yes."]
    assert len(await keys(bench)) == 2


async def test_a_clean_refusal_without_a_doubt_is_believed(bench: Bench) -> None:
    await approved(bench, UNREACHABLE, REFUSAL)
    await bench.deliver()
    assert await bench.states() == {"c1": State.DELIVERY_FAILED}
    await bench.audited()
