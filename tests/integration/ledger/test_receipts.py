"""What a sender reads about what it pushed, once the ledger has made something of it."""

from collections.abc import Mapping

from responder.adapters.postgres.audit import ReceivedIds
from responder.adapters.postgres.sources import PostgresReceipts
from responder.delivery.ports import AttemptOutcome
from responder.engagement.events import EngagementReceived, Event, ReplyPosted
from responder.engagement.model import EventId, SourceId
from responder.intake.ports import ReceiptState, ReceiptStatus
from responder.testing.factories import NOON, arrival, comment
from responder.testing.ledger import Bench
from responder.testing.place import Behaviour

GARDEN = SourceId("garden")
US = {"id": "us", "name": "Arbor Team"}
BELOW: Mapping[str, object] = {"thread_id": "c1", "parent_id": "c1", "root_id": "c1"}


async def pushed(bench: Bench, data: EngagementReceived) -> EventId:
    """It comes through the log: audit notes it, and triage takes it."""
    came = arrival(data)
    await ReceivedIds(bench.engine).record([(came.event, came.data, "engagement.received", 0, 0)])
    await bench.triage.take([came])
    return came.event.id


async def asked(bench: Bench, event_id: EventId) -> ReceiptStatus:
    status = await PostgresReceipts(bench.engine).find_event(GARDEN, event_id)
    assert status is not None
    return status


async def test_the_echo_of_a_reply_from_here_is_told_with_what_it_answers(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    await bench.deliver()
    echo = comment("reply-1", "Yes, it does.", author=US, published_at=bench.clock.now(), **BELOW)
    status = await asked(bench, await pushed(bench, echo))
    assert (status.state, status.answers) == (ReceiptState.OURS, "c1")


async def test_a_comment_of_ours_that_answers_nothing_is_told_as_ours(bench: Bench) -> None:
    status = await asked(bench, await pushed(bench, comment("news", "We moved.", author=US)))
    assert (status.state, status.answers) == (ReceiptState.OURS, None)


async def test_the_deletion_of_a_comment_that_never_came_is_told_as_its_end(bench: Bench) -> None:
    status = await asked(bench, await pushed(bench, comment("gone", "", kind="deleted")))
    assert (status.state, status.reason) == (ReceiptState.CLOSED, "deleted_by_author")


async def test_what_the_ledger_has_not_taken_yet_was_received(bench: Bench) -> None:
    came = arrival(comment())
    await ReceivedIds(bench.engine).record([(came.event, came.data, "engagement.received", 0, 0)])
    assert (await asked(bench, came.event.id)).state is ReceiptState.RECEIVED


async def test_a_receipt_for_a_reply_is_told_as_taken_for_it(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.place.will([Behaviour(answer=AttemptOutcome.HANDED_OVER, tells_id=False)])
    await bench.approve()
    await bench.release()
    await bench.delivery.run()
    reply_id = (await bench.item()).reply_id
    data = ReplyPosted.model_validate(
        {"reply_id": reply_id, "comment_id": "reply-1", "thread_id": "c1"}
    )
    event = Event.of(
        data, event_id=data.event_id("garden"), source="garden", subject="c1", time=NOON
    )
    assert await bench.delivery.receipt(event, data)
    assert (await asked(bench, event.id)).state is ReceiptState.ANSWERED
    receipts = PostgresReceipts(bench.engine)
    assert await receipts.find_event(SourceId("shop"), event.id) is None
