"""Where a reply could go out twice, unapproved, or never: what the ledger does about each."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from responder.adapters.postgres.dead_letters import DeadLetterRows, PostgresDeadLetterDesk
from responder.app.consumers import TriageConsumer
from responder.delivery.ports import AttemptOutcome, OwnReply
from responder.engagement.deadletter import ID_HEADER, Buried, letter_id
from responder.engagement.events import Event, ReplyPosted
from responder.engagement.lifecycle import State
from responder.engagement.model import DueOutcome, PersonId
from responder.review.commands import PostedByPerson, SendAgain
from responder.review.errors import AlreadyDecided, TriedSince
from responder.stream.handler import DONE, Bury
from responder.stream.log import Partition, Record
from responder.testing.factories import NOON, comment
from responder.testing.ledger import ANA, Bench
from responder.testing.place import OBEDIENT, Behaviour

LOST_ANSWER = Behaviour(stores=True, answer=AttemptOutcome.UNKNOWN)
NEVER_ARRIVED = Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)
REFUSAL = Behaviour(stores=False, answer=AttemptOutcome.REFUSED)
UNREACHABLE = Behaviour(stores=False, answer=AttemptOutcome.NOT_SENT)
BEN = PersonId(UUID(int=2))
US = {"id": "us", "name": "Arbor Team"}
LINK = "https://place.example/reply-1"


async def approved(bench: Bench, *script: Behaviour, reply: str = "Yes, it does.") -> None:
    bench.place.will(script)
    await bench.arrives(comment())
    await bench.approve(reply=reply)
    await bench.release()


async def in_doubt(bench: Bench, *script: Behaviour) -> None:
    """The call's answer was lost, and reading back does not work: a person is asked."""
    bench.place.listing_fails = True
    await approved(bench, *script)
    await bench.deliver()
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}


async def opened_page(bench: Bench) -> SendAgain:
    """Ben has it before him, with its button."""
    item = await bench.item()
    return SendAgain(
        engagement_id=item.row.engagement_id,
        actor=BEN,
        key="on a page that was opened long ago",
        context=item.context,
        attempts=item.attempts,
    )


@pytest.mark.fault(33)
@pytest.mark.promise(2)
async def test_what_was_seen_before_the_last_attempt_sends_nothing_again(bench: Bench) -> None:
    """Two look at the site and see nothing. One has it sent again, and that answer is lost; then
    the other, whose page is still open, wants the same."""
    await in_doubt(bench, NEVER_ARRIVED, LOST_ANSWER)
    stale = await opened_page(bench)
    await bench.send_again()
    await bench.deliver()
    with pytest.raises(TriedSince):
        await bench.review.send_again(stale)
    await bench.deliver()
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}
    assert bench.place.texts("c1") == ["Yes, it does."]


async def test_what_was_seen_before_another_reply_was_tried_sends_nothing_again(
    bench: Bench,
) -> None:
    """The page is about a reply that was given back since; another one is in doubt, as often."""
    await in_doubt(bench, NEVER_ARRIVED, LOST_ANSWER)
    stale = await opened_page(bench)
    await bench.reopen()
    await bench.approve(reply="It does, see the manual.")
    await bench.release()
    await bench.deliver()
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}
    with pytest.raises(TriedSince):
        await bench.review.send_again(stale)


async def echo(bench: Bench, comment_id: str, reply: str, **data: object) -> None:
    """The platform tells about a comment of our own account under the first comment."""
    await bench.arrives(
        comment(
            comment_id,
            reply,
            author=US,
            published_at=bench.clock.now(),
            **{"thread_id": "c1", "parent_id": "c1", "root_id": "c1"} | data,
        )
    )


async def test_what_a_person_posted_by_hand_is_not_posted_once_more(bench: Bench) -> None:
    await approved(bench)
    item = await bench.item()
    await bench.review.posted_by_person(
        PostedByPerson(
            engagement_id=item.row.engagement_id,
            actor=ANA,
            key="k",
            context=item.context,
            text="Yes, it does.",
            url=LINK,
        )
    )
    await bench.deliver()
    assert bench.place.calls == 0
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_nothing_is_decided_twice_while_a_closing_of_a_doubtful_reply_is_held(
    bench: Bench,
) -> None:
    await in_doubt(bench, LOST_ANSWER)
    await bench.dismiss()
    for decide in (bench.found_there, bench.send_again, bench.reopen):
        with pytest.raises(AlreadyDecided):
            await decide()
    await bench.release()
    assert await bench.states() == {"c1": State.DISMISSED}
    await bench.audited()


async def test_an_echo_voids_a_held_closing_and_other_decisions_go_on(bench: Bench) -> None:
    await in_doubt(bench, LOST_ANSWER)
    await bench.dismiss()
    await echo(bench, "reply-1", "Yes, it does.")
    await bench.arrives(comment("c9", "And in winter?", published_at=NOON))
    await bench.approve("c9", "In winter too.")
    await bench.release()
    await bench.deliver()
    assert await bench.states() == {"c1": State.ANSWERED, "c9": State.ANSWERED}
    assert (await bench.item()).row.held is None
    await bench.audited()


async def test_a_source_that_was_disconnected_in_mid_call_leaves_a_question_not_a_second_try(
    bench: Bench,
) -> None:
    await approved(bench)
    job = await bench.delivery_work.claim(None, at=bench.clock.now(), lease_seconds=0)
    assert job is not None
    assert await bench.delivery_work.begin_attempt(job, at=bench.clock.now()) == 1
    bench.place.capabilities = replace(OBEDIENT, posts=False)  # and the worker dies
    await bench.deliver()
    assert await bench.states() == {"c1": State.DELIVERY_UNKNOWN}
    await bench.audited()


async def two_in_one_branch(bench: Bench) -> None:
    """Two people under one comment, and the same reply approved for both."""
    ben = {"id": "ben", "name": "Ben"}
    cleo = {"id": "cleo", "name": "Cleo"}
    branch = {"thread_id": "c1", "root_id": "c1", "parent_id": "c1"}
    await bench.arrives(
        comment(),
        comment("c2", "What a lovely planner, is it free?", author=ben, **branch),
        comment("c3", "What a lovely idea, is it free?", author=cleo, **branch),
    )
    for comment_id in ("c2", "c3"):
        await bench.approve(comment_id, "Thank you!")


async def test_the_same_words_to_somebody_else_are_no_evidence_when_reading_back(
    bench: Bench,
) -> None:
    bench.place.lists_whole_branch = True
    bench.place.will([Behaviour(), NEVER_ARRIVED])
    await two_in_one_branch(bench)
    await bench.release()
    await bench.deliver()
    assert sorted(bench.place.texts("c2") + bench.place.texts("c3")) == ["Thank you!"] * 2
    assert bench.place.texts("c2") == ["Thank you!"]
    await bench.audited()


async def test_what_stood_there_before_the_first_attempt_is_no_evidence_for_it(
    bench: Bench,
) -> None:
    """A colleague thanked Ben by hand, in the same words; then Cleo's thanks got lost on the way."""
    bench.place.lists_whole_branch = True
    await two_in_one_branch(bench)
    await bench.undo("c2")
    by_hand = OwnReply(
        external_id="by-hand",
        text="Thank you!",
        url=None,
        posted_at=bench.clock.now(),
        is_public=True,
    )
    bench.place.replies.append(("c2", by_hand))
    await echo(bench, "by-hand", "Thank you!", parent_id="c2")
    bench.place.will([NEVER_ARRIVED])
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c3") == ["Thank you!"]
    assert await bench.states() == {
        "c1": State.AWAITING_REVIEW,
        "c2": State.ANSWERED,
        "c3": State.ANSWERED,
    }
    await bench.audited()


async def test_an_echo_speaks_for_the_comment_that_it_stands_under(bench: Bench) -> None:
    bench.place.listing_fails = True
    bench.place.will([NEVER_ARRIVED, LOST_ANSWER])
    await two_in_one_branch(bench)
    await bench.release()
    await bench.deliver()
    ((answered, _),) = bench.place.replies
    await echo(bench, "reply-1", "Thank you!", parent_id=answered)
    states = await bench.states()
    other = "c3" if answered == "c2" else "c2"
    assert (states[answered], states[other]) == (State.ANSWERED, State.DELIVERY_UNKNOWN)


async def test_two_equal_replies_of_one_branch_are_never_in_doubt_at_once(bench: Bench) -> None:
    await two_in_one_branch(bench)
    await bench.release()
    now, begun = bench.clock.now(), []
    for comment_id in ("c2", "c3"):
        reply_id = (await bench.item(comment_id)).reply_id
        job = await bench.delivery_work.claim(reply_id, at=now, lease_seconds=0)
        assert job is not None
        begun.append(await bench.delivery_work.begin_attempt(job, at=now))
    assert begun == [1, None]
    assert set((await bench.states()).values()) >= {State.SENDING, State.APPROVED}
    await bench.deliver()
    assert bench.place.calls == 2


async def test_a_late_echo_of_a_reply_that_was_given_up_ends_the_item_without_another(
    bench: Bench,
) -> None:
    await in_doubt(bench, LOST_ANSWER)
    await bench.reopen()
    await bench.approve(reply="In other words: yes.")
    await echo(bench, "reply-1", "Yes, it does.")
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, it does."]
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_a_late_echo_of_a_refused_reply_shows_that_it_was_posted_after_all(
    bench: Bench,
) -> None:
    await approved(bench, REFUSAL)
    await bench.deliver()
    assert await bench.states() == {"c1": State.DELIVERY_FAILED}
    await echo(bench, "late", "Yes, it does.")
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_an_old_reply_is_no_evidence_for_a_new_one(bench: Bench) -> None:
    await approved(bench)
    await bench.deliver()
    await echo(bench, "reply-1", "Yes, it does.")
    await bench.reopen()
    bench.place.will([UNREACHABLE])
    await bench.approve(reply="One thing more: save it first.")
    await bench.release()
    await bench.delivery.run()
    assert await bench.states() == {"c1": State.SENDING}
    await echo(bench, "reply-1", "Yes, it does!", kind="edited")
    assert (await bench.states())["c1"] is not State.ANSWERED


async def test_a_repeated_receipt_of_an_old_reply_settles_no_new_one(bench: Bench) -> None:
    await approved(bench)
    await bench.deliver()
    old = (await bench.item()).reply_id
    await bench.reopen()
    bench.place.will([UNREACHABLE])
    await bench.approve(reply="One thing more: save it first.")
    await bench.release()
    await bench.delivery.run()
    event, data = receipt_of(old, "reply-1")
    await bench.delivery.receipt(event, data)
    assert await bench.states() == {"c1": State.SENDING}
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, it does.", "One thing more: save it first."]
    await bench.audited()


async def test_sending_again_sends_the_present_reply_alone(bench: Bench) -> None:
    await in_doubt(bench, NEVER_ARRIVED)
    await bench.dismiss()
    await bench.release()
    await bench.reopen()
    bench.place.will([NEVER_ARRIVED])
    await bench.approve(reply="The second answer.")
    await bench.release()
    await bench.deliver()
    await bench.send_again()
    await bench.deliver()
    assert bench.place.texts("c1") == ["The second answer."]
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_a_deletion_after_an_old_doubt_withdraws_the_item(bench: Bench) -> None:
    await in_doubt(bench, NEVER_ARRIVED)
    await bench.reopen()
    await bench.approve(reply="The second answer.")
    await bench.arrives(comment(text="", kind="deleted"))
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == []
    assert await bench.states() == {"c1": State.WITHDRAWN}
    await bench.audited()


def receipt_of(reply_id: object, comment_id: str) -> tuple[Event, ReplyPosted]:
    data = ReplyPosted.model_validate(
        {"reply_id": reply_id, "comment_id": comment_id, "thread_id": "c1", "url": LINK}
    )
    event = Event.of(
        data, event_id=data.event_id("garden"), source="garden", subject="c1", time=NOON
    )
    return event, data


async def test_a_receipt_that_came_too_early_counts_when_it_comes_again(bench: Bench) -> None:
    bench.place.capabilities = replace(OBEDIENT, reads_back=False, idempotency="key")
    await approved(bench, Behaviour(answer=AttemptOutcome.HANDED_OVER, tells_id=False))
    event, data = receipt_of((await bench.item()).reply_id, "reply-1")
    assert not await bench.delivery.receipt(event, data)
    await bench.delivery.run()
    assert await bench.delivery.receipt(event, data)
    assert await bench.states() == {"c1": State.ANSWERED}
    await bench.audited()


async def test_a_link_that_is_none_does_not_keep_a_reply_from_being_settled(bench: Bench) -> None:
    bench.place.link = "https://place.example/a b"
    await approved(bench)
    await bench.deliver()
    item = await bench.item()
    assert (item.row.state, item.reply_url) == (State.ANSWERED, None)
    assert bench.place.calls == 1


async def periods(bench: Bench) -> list[tuple[int, str]]:
    async with bench.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT period, outcome FROM due_settled ORDER BY period")
        )
        return [(row.period, row.outcome) for row in found]


async def test_an_edit_that_opens_what_a_rule_closed_begins_a_new_due_period(
    bench: Bench,
) -> None:
    await bench.arrives(comment(text=""))
    assert await bench.states() == {"c1": State.DISMISSED}
    bench.clock.forward(3600)
    await bench.arrives(comment(text="Does it work offline?", kind="edited"))
    assert await periods(bench) == [(1, DueOutcome.EXCUSED)]
    assert (await bench.item()).row.due_outcome is None
    bench.clock.forward(9 * 3600)
    await bench.misses.record_due(at=bench.clock.now())
    assert await periods(bench) == [(1, DueOutcome.EXCUSED), (2, DueOutcome.MISSED)]
    await bench.audited()


async def test_an_edit_does_not_move_a_comment_to_another_thread(bench: Bench) -> None:
    await bench.arrives(comment(thread_id="post"))
    await bench.approve()
    await bench.arrives(comment(text="Never mind, found it?", kind="edited"))  # says no thread
    await bench.approve(reply="Good to hear.")
    await bench.release()
    await bench.deliver()
    assert bench.place.texts("c1") == ["Good to hear."]
    await bench.audited()


async def test_a_receipt_that_was_retried_closes_its_dead_letter(bench: Bench) -> None:
    bench.place.capabilities = replace(OBEDIENT, reads_back=False, idempotency="key")
    await approved(bench, Behaviour(answer=AttemptOutcome.HANDED_OVER, tells_id=False))
    event, _ = receipt_of((await bench.item()).reply_id, "reply-1")
    record = Record(
        Partition(event.topic, 0), 7, event.key, event.value(), tuple(event.headers()), NOON
    )
    consumer = TriageConsumer(bench.triage, bench.delivery)
    (outcome,) = await consumer.handle([record])
    assert isinstance(outcome, Bury)
    letter = letter_of(record, outcome.detail)
    await DeadLetterRows(bench.engine).take([letter])
    desk = PostgresDeadLetterDesk(bench.engine, read_again=lambda *_: ())
    await desk.retry(letter.id, actor=ANA)
    await bench.delivery.run()
    again = record._replace(headers=(*record.headers, (ID_HEADER, str(letter.id).encode())))
    assert await consumer.handle([again]) == [DONE]
    assert (await bench.desk.dead_letter(letter.id)).status == "settled"
    assert (await bench.desk.balance()).unreadable == 0
    await bench.audited()


def letter_of(record: Record, why: str) -> Buried:
    return Buried(
        id=letter_id(record.partition.topic, record.partition.number, record.offset),
        topic=record.partition.topic,
        partition=record.partition.number,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=record.headers,
        stage="triage",
        why=why,
        attempts=1,
        first_failed_at=NOON,
        last_failed_at=NOON,
    )


async def test_refused_credentials_hold_back_posts_and_not_the_look_that_settles_one(
    bench: Bench,
) -> None:
    await bench.arrives(comment(), comment("c9", "And in winter?"))
    bench.place.will([replace(REFUSAL, pauses=True)])
    await bench.approve()
    await bench.release()
    await bench.delivery.run()
    await bench.approve("c9", "In winter too.")
    await bench.release()
    for _ in range(4):
        bench.clock.forward(6)
        await bench.delivery.run()
    assert await bench.states() == {"c1": State.DELIVERY_FAILED, "c9": State.APPROVED}
    assert bench.place.calls == 1
    await bench.audited()
