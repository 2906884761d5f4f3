"""What each role does with a record of the log: read it, call the stage, say what became of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from responder.adapters.postgres.audit import ReceivedIds
from responder.delivery.service import Delivery
from responder.drafting.service import Drafting
from responder.engagement.deadletter import (
    Buried,
    LetterRows,
    earlier_id,
    letter_id,
    read_buried,
)
from responder.engagement.errors import Invalid
from responder.engagement.events import (
    DEAD_LETTER_TOPIC,
    EngagementReceived,
    EngagementTriaged,
    Event,
    ReplyApproved,
    ReplyPosted,
    read_event,
)
from responder.engagement.model import ReplyId
from responder.reconcile.enter import Enter
from responder.stream.handler import DONE, MALFORMED, Bury, Outcome, RecordHandler
from responder.stream.log import LogWriter, NewRecord, Record, Rejected, TopicClosed
from responder.triage.ports import Arrival
from responder.triage.service import Triage

PRODUCER_ATTRIBUTE = "ce_source"


class TriageConsumer:
    """Comments go to triage, in one transaction per batch; receipts to delivery."""

    def __init__(self, triage: Triage, delivery: Delivery) -> None:
        self._triage = triage
        self._delivery = delivery

    async def handle(self, records: Sequence[Record]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = [DONE] * len(records)
        arrivals: list[Arrival] = []
        retried: list[str] = []
        for place, record in enumerate(records):
            try:
                event = read_event(record.headers, record.value)
                if isinstance(event.data, ReplyPosted):
                    outcomes[place] = await self._receipt(event, event.data)
                    letter = earlier_id(record.headers)
                    if outcomes[place] is DONE and letter is not None:
                        retried.append(str(letter))
                else:
                    arrivals.append(self._arrival(record, event))
            except Invalid as error:
                outcomes[place] = Bury(MALFORMED, str(error))
        await self._triage.take(arrivals, retried=retried)
        return outcomes

    def _arrival(self, record: Record, event: Event) -> Arrival:
        data = self._triage.check(event, record.key)
        dead_letter = earlier_id(record.headers)
        return Arrival(
            event=event,
            data=data,
            received_at=record.appended_at,
            dead_letter=None if dead_letter is None else str(dead_letter),
        )

    async def _receipt(self, event: Event, data: ReplyPosted) -> Outcome:
        if await self._delivery.receipt(event, data):
            return DONE
        return Bury(MALFORMED, "no reply of this source waits for such a receipt")


class SettlingConsumer:
    """Closes the dead letter of a record that was retried and is dealt with now.

    Triage closes its own, in the transaction that takes the record in.
    """

    def __init__(self, handle: RecordHandler, rows: LetterRows) -> None:
        self._handle = handle
        self._rows = rows

    async def handle(self, record: Record) -> Outcome:
        outcome = await self._handle(record)
        retried = earlier_id(record.headers)
        if retried is not None and outcome == DONE:
            await self._rows.settle(retried)
        return outcome


class DraftingConsumer:
    def __init__(self, drafting: Drafting) -> None:
        self._drafting = drafting

    async def handle(self, record: Record) -> Outcome:
        event = read_event(record.headers, record.value)
        if isinstance(event.data, EngagementTriaged):
            await self._drafting.draft(event, event.data)
        return DONE


class DeliveryConsumer:
    """The record only wakes delivery; the ledger decides what is to be done."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    async def handle(self, record: Record) -> Outcome:
        event = read_event(record.headers, record.value)
        if isinstance(event.data, ReplyApproved):
            await self._delivery.run(ReplyId(event.data.reply_id))
        return DONE


class EntryConsumer:
    """Tells places of our own what reached their source another way."""

    def __init__(self, enter: Enter) -> None:
        self._enter = enter

    async def handle(self, record: Record) -> Outcome:
        source = dict(record.headers).get(PRODUCER_ATTRIBUTE, b"")  # as `read_event` takes it
        if not self._enter.is_wanted(source.decode(errors="replace")):
            return DONE  # before it is read: most installations have no such place
        try:
            event = read_event(record.headers, record.value)
        except Invalid:
            return DONE  # triage buries it
        await self._enter.handle(event)
        return DONE


class ReceivedIdsConsumer:
    """Remembers what the log held, apart from triage."""

    def __init__(self, ids: ReceivedIds) -> None:
        self._ids = ids

    async def handle(self, records: Sequence[Record]) -> Sequence[Outcome]:
        seen: list[tuple[Event, EngagementReceived, str, int, int]] = []
        for record in records:
            try:
                event = read_event(record.headers, record.value)
            except Invalid:
                continue  # triage buries it, and the dead letter has a row of its own
            if isinstance(event.data, EngagementReceived):
                where = record.partition
                seen.append((event, event.data, where.topic, where.number, record.offset))
        await self._ids.record(seen)
        return [DONE] * len(records)


class DeadLettersConsumer:
    """Makes a ledger row of every dead letter. Whatever stands in that topic gets one."""

    def __init__(self, rows: LetterRows) -> None:
        self._rows = rows

    async def handle(self, records: Sequence[Record]) -> Sequence[Outcome]:
        await self._rows.take([_buried(record) for record in records])
        return [DONE] * len(records)


def _buried(record: Record) -> Buried:
    try:
        return read_buried(record.headers, key=record.key, value=record.value)
    except Invalid as error:
        return _of(record, stage="dead letter", why=str(error), attempts=1)


class DeadLetterTopic:
    """`stream.deadletter.DeadLetters`: buries a record in the dead-letter topic, whole.

    With what is said about it, a record may be larger than the log takes. Then its row is made here,
    where the topic's reader would make it: else its partition would wait for ever.
    """

    def __init__(self, writer: LogWriter, rows: LetterRows) -> None:
        self._writer = writer
        self._rows = rows

    async def bury(
        self,
        record: Record,
        *,
        group: str,
        reason: str,
        detail: str,
        attempts: int,
        first_failed_at: datetime,
        last_failed_at: datetime,
    ) -> None:
        buried = _of(
            record,
            stage=group,
            why=detail or reason,
            attempts=attempts,
            first_failed_at=first_failed_at,
            last_failed_at=last_failed_at,
        )
        new = NewRecord(DEAD_LETTER_TOPIC, record.key, record.value, buried.marked())
        try:
            await self._writer.append([new])
        except TopicClosed:
            raise  # an operator's mistake holds all dead letters, and is seen in their failures
        except Rejected:
            await self._rows.take([buried])


def _of(
    record: Record,
    *,
    stage: str,
    why: str,
    attempts: int,
    first_failed_at: datetime | None = None,
    last_failed_at: datetime | None = None,
) -> Buried:
    where = record.partition
    return Buried(
        id=earlier_id(record.headers) or _id_of(record, stage),
        topic=where.topic,
        partition=where.number,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=record.headers,
        stage=stage,
        why=why,
        attempts=attempts,
        first_failed_at=first_failed_at or record.appended_at,
        last_failed_at=last_failed_at or record.appended_at,
        source=_said_source(record),
        receipt=_derived_id(record),
    )


def _id_of(record: Record, stage: str) -> UUID:
    where = record.partition
    return letter_id(stage, where.topic, where.number, record.offset)


def _said_source(record: Record) -> str | None:
    """The source that the record names, if it names one legibly: for the page, never believed."""
    for name, value in record.headers:
        if name == PRODUCER_ATTRIBUTE:
            return value.decode("utf-8", "replace")[:200]
    return None


def _derived_id(record: Record) -> str | None:
    """The id on the sender's receipt, if the record can be read so far."""
    try:
        return read_event(record.headers, record.value).id
    except Invalid:
        return None
