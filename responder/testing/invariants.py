"""What must hold after every fault, checked by id over a system that has come to rest.

The witnesses are outside of it: the senders' own list of what was acknowledged, the records of the
log as any reader finds them, what stands at the place that replies go to. Against them are held the
ledger, its dead letters, its sealed record and what the groups have committed.

| I1 | conservation: what was accepted is in the ledger once, in a state that counts |
| I2 | acknowledged is stored: in the log, and in the ledger |
| I3 | never answered twice: at most one reply an approval at the place |
| I4 | order: the comments of a thread took effect in the order of the log |
| I5 | nothing unapproved is posted: each reply is the exact text that a person approved |
| I6 | every change has its entry in the sealed chain, and the chain holds |
| I7 | what is shown is what is counted |
| I8 | nothing is committed that was not dealt with |
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.audit import PostgresAuditor
from responder.adapters.postgres.engine import transaction
from responder.engagement.events import EngagementReceived

SHOWN = 10

Name = tuple[str, str]
"""Source and comment id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A comment as it stands in `engagement.received`; one that stands there twice is two of these."""

    partition: int
    offset: int
    event_id: str
    name: Name
    thread: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen from outside.

    Args:
        pushed: every comment that anybody tried to bring in.
        acknowledged: those that were answered with 2xx.
        logged: None where the log is not Kafka: then nothing is held against it.
        committed: the next offset that triage reads, by partition.
        replies: what stands at the place: the comment that is answered, and the text.
    """

    pushed: AbstractSet[Name]
    acknowledged: AbstractSet[Name]
    logged: Sequence[Logged] | None = None
    committed: Mapping[int, int] | None = None
    replies: Sequence[tuple[Name, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the database holds.

    Args:
        engagements: the state of each, as often as it is there.
        accepted: comments in the order in which the sealed record says that they were taken in.
        handled: event ids in triage's inbox.
        letters: partition and offset of each dead letter of `engagement.received`.
        approved: for each comment the hashes of the texts that were approved and released.
        missing, unlike_chain, miscounts: what the audit itself finds.
    """

    engagements: Sequence[tuple[Name, str]]
    accepted: Sequence[Name]
    handled: AbstractSet[str]
    letters: AbstractSet[tuple[int, int]]
    approved: Mapping[Name, Sequence[str]]
    missing: Sequence[str] = ()
    unlike_chain: Sequence[str] = ()
    miscounts: Sequence[str] = ()


async def read_ledger(engine: AsyncEngine) -> Ledger:
    """Read it at rest: an entry that is not sealed yet counts as missing."""
    async with transaction(engine) as connection:
        engagements = await connection.execute(
            text("SELECT source, comment_id, state FROM engagement")
        )
        accepted = await connection.execute(_ACCEPTED)
        handled = await connection.execute(
            text("SELECT event_id FROM inbox WHERE consumer = 'triage'")
        )
        letters = await connection.execute(
            text('SELECT partition, "offset" FROM dead_letter WHERE topic = :topic'),
            {"topic": EngagementReceived.topic},
        )
        approvals = await connection.execute(_APPROVALS)
    approved: dict[Name, list[str]] = defaultdict(list)
    for row in approvals:
        approved[row.source, row.comment_id].append(row.text_sha256)
    audited = await PostgresAuditor(engine, settling_seconds=0).audit()
    broken = [] if audited.chain_break is None else [f"the chain breaks: {audited.chain_break}"]
    return Ledger(
        engagements=[((row.source, row.comment_id), row.state) for row in engagements],
        accepted=[(row.source, row.comment_id) for row in accepted],
        handled=set(handled.scalars()),
        letters={(row.partition, row.offset) for row in letters},
        approved=approved,
        missing=[f"{each.source}/{each.comment_id}" for each in audited.missing],
        unlike_chain=broken + [str(each) for each in audited.unlike_chain],
        miscounts=[each.what for each in audited.miscounts],
    )


_ACCEPTED = text("""
    SELECT e.source, e.comment_id FROM audit_chain c JOIN engagement e ON e.id = c.engagement_id
    WHERE c.act = 'understood' ORDER BY c.number
    """)
_APPROVALS = text("""
    SELECT e.source, e.comment_id, d.text_sha256 FROM decision d
    JOIN engagement e ON e.id = d.engagement_id
    WHERE d.kind = 'reply' AND d.status = 'released'
    """)


def violations(seen: Seen, ledger: Ledger) -> list[str]:
    """Each invariant that does not hold, with the first of its offenders; empty when all hold."""
    checks = {
        "I1, not in the ledger": _lost(seen, ledger),
        "I1, in the ledger more than once": _twice(name for name, _ in ledger.engagements),
        "I1, in the ledger and never pushed": _invented(seen, ledger),
        "I1, the audit misses": ledger.missing,
        "I2, acknowledged and not in the log": _unlogged(seen),
        "I3, answered more often than approved": _answered_twice(seen, ledger),
        "I3, answered and no reply stands there": _unanswered(seen, ledger),
        "I4, taken in before what came earlier in its thread": _out_of_order(seen, ledger),
        "I5, posted and never approved": _unapproved(seen, ledger),
        "I6, without an entry of its own": _without_entry(ledger),
        "I6, not as the chain says": ledger.unlike_chain,
        "I7, miscounted": ledger.miscounts,
        "I8, committed and not dealt with": _skipped(seen, ledger),
    }
    return [
        f"{what}: {len(offenders)}, such as {offenders[:SHOWN]}"
        for what, offenders in ((what, sorted(found)) for what, found in checks.items())
        if offenders
    ]


def _lost(seen: Seen, ledger: Ledger) -> Iterator[str]:
    there = {name for name, _ in ledger.engagements}
    buried = {
        each.name for each in seen.logged or () if (each.partition, each.offset) in ledger.letters
    }
    logged = {each.name for each in seen.logged or ()}
    yield from map(_said, (seen.acknowledged | logged) - there - buried)


def _twice(names: Iterator[Name]) -> Iterator[str]:
    yield from (_said(name) for name, count in Counter(names).items() if count > 1)


def _invented(seen: Seen, ledger: Ledger) -> Iterator[str]:
    yield from map(_said, {name for name, _ in ledger.engagements} - seen.pushed)


def _unlogged(seen: Seen) -> Iterator[str]:
    if seen.logged is not None:
        yield from map(_said, seen.acknowledged - {each.name for each in seen.logged})


def _answered_twice(seen: Seen, ledger: Ledger) -> Iterator[str]:
    for name, count in Counter(name for name, _ in seen.replies).items():
        if count > len(ledger.approved.get(name, ())):
            yield _said(name)


def _unanswered(seen: Seen, ledger: Ledger) -> Iterator[str]:
    answered = {name for name, state in ledger.engagements if state == "answered"}
    yield from map(_said, answered - {name for name, _ in seen.replies})


def _unapproved(seen: Seen, ledger: Ledger) -> Iterator[str]:
    for name, reply in seen.replies:
        if hashlib.sha256(reply.encode()).hexdigest() not in ledger.approved.get(name, ()):
            yield _said(name)


def _out_of_order(seen: Seen, ledger: Ledger) -> Iterator[str]:
    first: dict[Name, Logged] = {}
    for each in sorted(seen.logged or (), key=lambda e: (e.partition, e.offset)):
        first.setdefault(each.name, each)
    latest: dict[str, int] = {}
    for name in ledger.accepted:
        if (logged := first.get(name)) is None:
            continue
        if logged.offset < latest.get(logged.thread, -1):
            yield _said(name)
        latest[logged.thread] = logged.offset


def _without_entry(ledger: Ledger) -> Iterator[str]:
    there = Counter(name for name, _ in ledger.engagements)
    yield from map(_said, there - Counter(ledger.accepted))


def _skipped(seen: Seen, ledger: Ledger) -> Iterator[str]:
    for each in seen.logged or ():
        is_committed = each.offset < (seen.committed or {}).get(each.partition, 0)
        is_buried = (each.partition, each.offset) in ledger.letters
        if is_committed and not is_buried and each.event_id not in ledger.handled:
            yield _said(each.name)


def _said(name: Name) -> str:
    return "/".join(name)
