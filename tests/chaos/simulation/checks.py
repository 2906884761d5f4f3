"""What must hold when a run has come to rest: the invariants, each by id, on the stores themselves.

A finding names its invariant first. `CommitWatch` looks at every commit of offsets, the others look
in the end.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from responder.audit.chain import GENESIS, Verifier, seal
from responder.engagement.deadletter import earlier_id, read_buried
from responder.engagement.errors import Invalid
from responder.engagement.events import (
    DEAD_LETTER_TOPIC,
    EngagementClosed,
    EngagementReceived,
    EngagementTriaged,
    Event,
    ReplyApproved,
    ReplyPosted,
    read_event,
)
from responder.engagement.lifecycle import ENDS, TRANSITIONS, State, Trigger
from responder.stream.log import Assignment, Partition, Record
from responder.testing.factories import PLACE
from responder.testing.log import MemoryServer
from responder.testing.twin.tables import Tables
from tests.chaos.simulation.site import OUR_ID, Site

MOVING = frozenset(Trigger)


class Stores(Protocol):
    """What outlives every process."""

    tables: Tables
    server: MemoryServer
    site: Site
    acknowledged: set[str]
    acknowledged_letters: set[str]
    surprises: list[BaseException]
    commits: "CommitWatch"


def findings(stores: Stores) -> list[str]:
    """Everything that does not hold."""
    seen = Seen.of(stores)
    return [
        *(f"surprise: {error!r}" for error in stores.surprises),
        *stores.commits.ahead,
        *conservation(seen),
        *acknowledged(seen),
        *answered_once(seen),
        *in_order(seen),
        *approved(seen),
        *released(seen),
        *audited(seen),
        *announced(seen),
        *drafted_once(seen),
    ]


@dataclass(frozen=True, slots=True)
class Seen:
    """The stores, and what the log holds of each topic that can be read."""

    stores: Stores
    events: Mapping[str, Sequence[Event]]
    """By topic, each partition in its order."""
    letters: frozenset[str]
    """Ids of what was buried: on the log, or in the ledger."""

    @classmethod
    def of(cls, stores: Stores) -> "Seen":
        events: dict[str, list[Event]] = defaultdict(list)
        for partition, records in stores.server.records.items():
            for record in records:
                event = _read(record)
                if event is not None:
                    events[partition.topic].append(event)
        return cls(stores, events, frozenset(_letters(stores.tables, stores.server)))

    @property
    def tables(self) -> Tables:
        return self.stores.tables


def conservation(seen: Seen) -> Iterator[str]:
    """I1: whatever was written or came in has one engagement, and that has an end."""
    rows = list(seen.tables.engagements.rows.values())
    known = Counter(row.name for row in rows)
    for name, times in known.items():
        if times > 1:
            yield f"I1: {name[1]} has {times} engagements"
    for comment in seen.stores.site.comments.values():
        is_theirs = comment.author_id != OUR_ID
        if is_theirs and (PLACE.id, comment.comment_id) not in known:
            yield f"I1: {comment.comment_id} stands there, and nobody knows it"
        if not is_theirs and (PLACE.id, comment.comment_id) in known:
            yield f"I1: {comment.comment_id} is ours, and waits for an answer"
    for row in rows:
        if row.state not in ENDS:
            yield f"I1: {row.name[1]} is still {row.state}"
    yield from _as_it_stands(seen)
    yield from _answered_with_evidence(seen)


def _as_it_stands(seen: Seen) -> Iterator[str]:
    for comment in seen.stores.site.comments.values():
        row = seen.tables.comments.rows.get((PLACE.id, comment.comment_id))
        if row is None:
            continue
        if row.comment.is_deleted is not comment.is_deleted:
            yield f"I1: that {comment.comment_id} was deleted is known: {row.comment.is_deleted}"
        elif not comment.is_deleted and row.comment.text != comment.text:
            yield f"I1: {comment.comment_id} says something else by now"


def _answered_with_evidence(seen: Seen) -> Iterator[str]:
    """Only what stands there makes *answered*."""
    for row in seen.tables.engagements.rows.values():
        by_us = row.state is State.ANSWERED and row.answered_by in {"delivery", "person"}
        if by_us and not seen.stores.site.under(row.name[1]):
            yield f"I1: {row.name[1]} is answered, and nothing stands there"


def acknowledged(seen: Seen) -> Iterator[str]:
    """I2: what a sender was told is kept, is kept."""
    there = {event.id for event in seen.events[EngagementReceived.topic]}
    for event_id in sorted(seen.stores.acknowledged - there):
        yield f"I2: {event_id} was acknowledged, and the log does not have it"
    receipts = {row.letter.receipt for row in seen.tables.letters.rows.values()}
    for receipt in sorted(seen.stores.acknowledged_letters - receipts):
        yield f"I2: the unreadable {receipt} was acknowledged, and there is no dead letter"


def answered_once(seen: Seen) -> Iterator[str]:
    """I3: at the site, at most one reply for each approval."""
    for reply_id, times in Counter(each.reply_id for each in seen.stores.site.replies).items():
        if times > 1:
            yield f"I3: {reply_id} stands there {times} times"


def in_order(seen: Seen) -> Iterator[str]:
    """I4: per thread, effects in the order of the log, and events in the order of the effects."""
    offsets = _first_places(seen.events[EngagementReceived.topic])
    last: dict[str, int] = defaultdict(lambda: -1)
    times: Counter[str] = Counter()
    for _, effect in sorted(seen.tables.effects.rows.items()):
        times[effect.event_id] += 1
        place = offsets.get(effect.event_id)
        if place is None:
            yield f"I4: {effect.event_id} had an effect, and never was on the log"
        elif place <= last[effect.thread_key] and times[effect.event_id] == 1:
            yield f"I4: {effect.event_id} had its effect after one behind it"
        else:
            last[effect.thread_key] = max(last[effect.thread_key], place)
    yield from (f"I4: {each} had {n} effects" for each, n in times.items() if n > 1)
    yield from _sent_in_order(seen)


def _sent_in_order(seen: Seen) -> Iterator[str]:
    numbers = {row.event_id: row.number for row in seen.tables.outbox.rows.values()}
    for topic, events in seen.events.items():
        last: dict[bytes, int] = defaultdict(int)
        for event_id, (_, event) in _firsts(events).items():
            number = numbers.get(event_id, 0)
            if topic != EngagementReceived.topic and 0 < number < last[event.key]:
                yield f"I4: {event_id} was sent after one that came later"
            last[event.key] = max(number, last[event.key])


def approved(seen: Seen) -> Iterator[str]:
    """I5: every reply there has an approval of these very words that held when it was begun."""
    for standing in seen.stores.site.replies:
        reply_id = standing.reply_id
        decision = next((d for d in seen.tables.decisions.rows.values() if d.id == reply_id), None)
        if decision is None or decision.kind != "reply":
            yield f"I5: {reply_id} stands there, and nobody approved it"
            continue
        if decision.text_sha256 != hashlib.sha256(standing.own.text.encode()).hexdigest():
            yield f"I5: {reply_id} stands there in other words"
        rows = seen.tables.attempts.rows.values()
        attempts = [a for a in rows if a.reply_id == reply_id and a.number == standing.attempt]
        if not attempts:
            yield f"I5: {reply_id} stands there, and no attempt was recorded"
            continue
        if decision.status in {"undone", "held"}:
            yield f"I5: {reply_id} stands there, and is {decision.status}"
        ended = decision.settled_at
        if decision.status == "voided" and ended and attempts[0].started_at > ended:
            yield f"I5: {reply_id} was begun after its approval was void"


def released(seen: Seen) -> Iterator[str]:
    """I5: nothing goes out to delivery while its engagement is not approved."""
    states: dict[UUID | None, str | None] = {}
    for _, entry in sorted(seen.tables.entries.rows.items()):
        if entry.act == "released" and states.get(entry.engagement_id) != State.APPROVED:
            yield f"I5: of {entry.engagement_id} something was released that did not hold any more"
        states[entry.engagement_id] = entry.to_state or states.get(entry.engagement_id)


def audited(seen: Seen) -> Iterator[str]:
    """I6: each state change has one entry, a legal one, and the entries make a chain that holds."""
    verifier, before = Verifier(), GENESIS
    chain = []
    for number, (_, entry) in enumerate(sorted(seen.tables.entries.rows.items()), start=1):
        unsealed = replace(entry, number=number)
        before = seal(before, unsealed)
        chain.append(replace(unsealed, hash=before))
        if entry.from_state and entry.to_state:
            moves = TRANSITIONS[State(entry.from_state)]
            if moves.get(Trigger(entry.act)) != entry.to_state:
                yield f"I6: {entry.act} led from {entry.from_state} to {entry.to_state}"
    broken = verifier.check(chain)
    if broken is not None:
        yield f"I6: entry {broken.number}: {broken.what}"
        return
    for row in seen.tables.engagements.rows.values():
        if verifier.states.get(row.id) != row.state:
            yield f"I6: {row.name[1]} is {row.state}, and its entries say something else"


def announced(seen: Seen) -> Iterator[str]:
    """What the ledger says and what it told the log are the same, by id."""
    rows = seen.tables.engagements.rows
    triaged, closed, gone_out = _told(seen)
    for row in rows.values():
        if row.id not in triaged | closed:
            yield f"told: {row.name[1]} is in the ledger, and nobody was told"
        if row.state in ENDS and row.id not in closed:
            yield f"told: {row.name[1]} has ended, and nobody was told"
    for each in sorted((triaged | closed) - set(rows), key=str):
        yield f"told: {each} was told of, and is not in the ledger"
    handed = {row.reply_id for row in seen.tables.jobs.rows.values()}
    for each in sorted(handed ^ gone_out, key=str):
        yield f"told: {each} was released or told of, and not both"


def _told(seen: Seen) -> tuple[set[UUID], set[UUID], set[UUID]]:
    triaged: set[UUID] = set()
    closed: set[UUID] = set()
    gone_out: set[UUID] = set()
    for events in seen.events.values():
        for event in events:
            match event.data:
                case EngagementTriaged(engagement_id=found):
                    triaged.add(found)
                case EngagementClosed(engagement_id=found):
                    closed.add(found)
                case ReplyApproved(reply_id=found):
                    gone_out.add(found)
                case _:
                    pass
    return triaged, closed, gone_out


def drafted_once(seen: Seen) -> Iterator[str]:
    """One suggestion for each event, whatever is repeated."""
    made = Counter(row.event_id for row in seen.tables.drafts.rows.values())
    yield from (f"drafts: {each} was drafted {n} times" for each, n in made.items() if n > 1)


class CommitWatch:
    """I8: no offset is committed before what stands there has left a trace in the ledger."""

    def __init__(self, tables: Tables, server: MemoryServer) -> None:
        self._tables = tables
        self._server = server
        self._founded: Counter[tuple[str, Partition]] = Counter()
        self.ahead: list[str] = []

    def __call__(self, group: str, points: Mapping[Assignment, int]) -> None:
        if group not in {"triage", "drafting"}:
            return
        for assignment, point in points.items():
            self._look(group, assignment.partition, point)

    def _look(self, group: str, partition: Partition, point: int) -> None:
        start = self._founded[group, partition]
        for record in self._server.records[partition][start:point]:
            if not _has_trace(self._tables, self._server, group, record):
                where = f"{partition.topic}[{partition.number}]"
                self.ahead.append(f"I8: {where} is committed up to {point}, past {record.offset}")
        self._founded[group, partition] = max(start, point)


def _has_trace(tables: Tables, server: MemoryServer, group: str, record: Record) -> bool:
    event = _read(record)
    if event is not None:
        is_receipt = isinstance(event.data, ReplyPosted)
        consumer = f"receipts of {event.source}" if is_receipt else group
        row = tables.inbox.rows.get((consumer, event.id))
        if row is not None and row.is_done:
            return True
    where = record.partition
    buried = {f"{group} {where.topic} {where.number} {record.offset}"}
    buried |= {f"id {earlier_id(record.headers)}"}
    return not buried.isdisjoint(_letters(tables, server))


def _letters(tables: Tables, server: MemoryServer) -> Iterator[str]:
    """What was buried, by where it stood and by its id."""
    found = [row.letter for row in tables.letters.rows.values()]
    for partition in server.partitions([DEAD_LETTER_TOPIC]):
        found += [
            read_buried(record.headers, key=record.key, value=record.value)
            for record in server.records[partition]
        ]
    for letter in found:
        yield f"{letter.stage} {letter.topic} {letter.partition} {letter.offset}"
        yield f"id {letter.id}"


def _read(record: Record) -> Event | None:
    if record.partition.topic == DEAD_LETTER_TOPIC:
        return None
    try:
        return read_event(record.headers, record.value)
    except Invalid:
        return None


def _firsts(events: Sequence[Event]) -> dict[str, tuple[int, Event]]:
    firsts: dict[str, tuple[int, Event]] = {}
    for place, event in enumerate(events):
        firsts.setdefault(event.id, (place, event))
    return firsts


def _first_places(events: Sequence[Event]) -> dict[str, int]:
    return {event_id: place for event_id, (place, _) in _firsts(events).items()}
