"""What must hold after each story, whatever the order. Each that does not is told in a sentence."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from responder.adapters.postgres.clocks import ticks_of
from responder.delivery.ports import LeaseLost
from responder.engagement.clock import ClockAct, ClockRefuses, Tick, folded
from responder.engagement.lifecycle import IllegalTransition, State
from responder.review.errors import (
    AlreadyDecided,
    DecidedSince,
    StaleApproval,
    TooLateToUndo,
    TriedSince,
    UsedBefore,
)
from responder.testing.interleaving import COMMIT, Passed
from tests.chaos.interleavings.case import ANA, BEN, POSTS, Case, Told

REFUSALS: Mapping[str, tuple[type[Exception], ...]] = {
    "approve": (StaleApproval, AlreadyDecided, IllegalTransition, UsedBefore),
    "dismiss": (StaleApproval, AlreadyDecided, IllegalTransition),
    "by hand": (StaleApproval, AlreadyDecided, IllegalTransition),
    "send again": (StaleApproval, AlreadyDecided, IllegalTransition, TriedSince),
    "found there": (AlreadyDecided, IllegalTransition),
    "reopen": (AlreadyDecided, IllegalTransition),
    "undo": (TooLateToUndo, DecidedSince),
    "stop clock": (StaleApproval, AlreadyDecided, ClockRefuses),
    "let go on": (StaleApproval, AlreadyDecided, ClockRefuses),
    "deliver": (LeaseLost,),
}
"""What each act may be refused with; all others are never refused."""
RECORDED = {
    "by hand": ("posted_by_person",),
    "send again": ("sent_again",),
    "found there": ("delivered",),
    "reopen": ("reopened", "returned"),
    "stop clock": ("clock_paused",),
    "let go on": ("clock_resumed",),
}
"""The acts that leave one entry each time they are done."""
OPEN_TO_PEOPLE = {State.AWAITING_REVIEW, State.DELIVERY_FAILED, State.DELIVERY_UNKNOWN}
AT_REST = OPEN_TO_PEOPLE | {State.ANSWERED, State.DISMISSED, State.WITHDRAWN}


async def broken(case: Case) -> list[str]:
    """Every claim that does not hold of this case."""
    async with case.bench.engine.connect() as connection:
        engagement_id = await case.id()
        entries = await _rows(connection, _ENTRIES, engagement_id)
        decisions = await _rows(connection, _DECISIONS, engagement_id)
        jobs = await _rows(connection, _JOBS, engagement_id)
        ticks = await ticks_of(connection, engagement_id)
    stands = await case.stands()
    return [
        *refusals(case.told),
        *decided(case, decisions),
        *told_and_recorded(case.told, entries),
        *one_line_of_states(entries, stands.state),
        *posted(case, decisions),
        *as_shown(case),
        *(f"{each.text} still waits for its delivery" for each in jobs),
        *([] if stands.state in AT_REST else [f"it hangs in {stands.state}"]),
        *clock(ticks, entries, stands.due_at),
    ]


def refusals(told: Iterable[Told]) -> Iterator[str]:
    """Whoever was refused got the typed reason, and with it what holds now."""
    for each in told:
        refusal = each.refusal
        if refusal is None:
            continue
        if not isinstance(refusal, REFUSALS.get(each.act, ())):
            yield f"{each.who}: {each.act} failed with {type(refusal).__name__}: {refusal}"
        if isinstance(refusal, StaleApproval | AlreadyDecided | IllegalTransition):
            yield from _unlike(each, "state", refusal.state, each.then.state)
        if isinstance(refusal, StaleApproval | AlreadyDecided):
            yield from _unlike(each, "thread", refusal.context, each.then.context)
        if isinstance(refusal, AlreadyDecided | DecidedSince):
            holder = each.then.held.actor_name if each.then.held else None
            yield from _unlike(each, "who decided", refusal.who, holder)


def _unlike(told: Told, what: str, said: object, true: object) -> Iterator[str]:
    if said != true:
        yield f"{told.who}: {told.act} was refused with {what} {said}, and it is {true}"


def decided(case: Case, decisions: Sequence[Any]) -> Iterator[str]:
    """Each decision that was taken is held once; none was that nobody was told of."""
    done = Counter((each.who, each.act) for each in case.told if each.refusal is None)
    for person in (ANA, BEN):
        texts = {each.text for each in decisions if each.actor == person.id and each.text}
        if texts != {each.text for each in case.approved if each.who == person.name}:
            yield f"the ledger holds {texts} of {person.name}, and not what was taken"
        closings = sum(each.actor == person.id and each.text is None for each in decisions)
        if closings != done[person.name, "dismiss"]:
            yield f"{closings} closings of {person.name} are held"
    replies = Counter(each.text for each in decisions if each.kind == "reply")
    if any(times > 1 for times in replies.values()):
        yield "one text was decided twice"


def told_and_recorded(told: Iterable[Told], entries: Sequence[Any]) -> Iterator[str]:
    """What was done has one entry for each time, what was refused has none."""
    actors = {person.name: f"person:{person.id}" for person in (ANA, BEN)}
    done = Counter((each.who, each.act) for each in told if each.refusal is None)
    for who, actor in actors.items():
        for act, names in RECORDED.items():
            recorded = sum(each.actor == actor and each.act in names for each in entries)
            if recorded != done[who, act]:
                yield f"{who}: {act} was done {done[who, act]} times and recorded {recorded} times"


def one_line_of_states(entries: Sequence[Any], state: State) -> Iterator[str]:
    """Each move begins where the one before it ended, and the last one led to where it is."""
    at = State.RECEIVED.value
    for entry in entries:
        if entry.to_state is None:
            continue
        if entry.from_state != at:
            yield f"{entry.act} began in {entry.from_state}, and it was {at}"
        at = entry.to_state
    if at != state:
        yield f"its record ends in {at}, and it is {state}"


def posted(case: Case, decisions: Sequence[Any]) -> Iterator[str]:
    """At the place stands what was approved and not taken back, to the letter, and once."""
    status = {each.text: each.status for each in decisions}
    for reply, times in Counter(case.bench.place.texts(case.name)).items():
        if times > 1:
            yield f"“{reply}” stands there {times} times"
        if status.get(reply, "undone") in {"undone", "held"}:
            yield f"“{reply}” stands there, and is {status.get(reply, 'no decision')}"


def as_shown(case: Case) -> Iterator[str]:
    """Between the reading of the page and the record of the attempt nothing changed the thread."""
    seen_at = {each.text: each.seen_at for each in case.approved}
    changes = list(_commits_with("INSERT INTO comment ", case.passed))
    for at, step in enumerate(case.passed):
        reply = step.what.removeprefix(POSTS)
        if step.what == reply or reply not in seen_at:
            continue
        attempted = max(
            _commits_with("INSERT INTO delivery_attempt ", case.passed[:at], step.actor),
            default=at,
        )
        if any(seen_at[reply] <= change < attempted for change in changes):
            yield f"“{reply}” was posted for a thread that had changed since it was shown"


def _commits_with(statement: str, passed: Sequence[Passed], actor: str = "") -> Iterator[int]:
    """When the transactions were committed in which somebody (or this actor) did that."""
    did: set[str] = set()
    for at, step in enumerate(passed):
        if step.what.startswith(statement):
            did.add(step.actor)
        elif step.what == COMMIT and step.actor in did:
            did.discard(step.actor)
            if actor in ("", step.actor):
                yield at


_ENTRIES = """
    SELECT id, act, actor, from_state, to_state FROM audit_entry WHERE engagement_id = :id
    UNION ALL SELECT entry_id, act, actor, from_state, to_state FROM audit_chain
    WHERE engagement_id = :id ORDER BY id
    """
_DECISIONS = "SELECT actor, kind, status, text FROM decision WHERE engagement_id = :id"
_JOBS = """
    SELECT d.text FROM delivery_job j JOIN decision d ON d.id = j.reply_id
    WHERE j.engagement_id = :id AND j.next_at IS NOT NULL
    """


def clock(ticks: Sequence[Tick], entries: Sequence[Any], due_at: datetime | None) -> Iterator[str]:
    """It is due when the acts on its clock say, and each change of terms was recorded."""
    due = folded(ticks).due_at if ticks else None
    if due_at != due:
        yield f"it is due at {due_at}, and by its clock at {due}"
    changes = sum(each.act is ClockAct.CHANGED for each in ticks)
    recorded = sum(each.act == f"clock_{ClockAct.CHANGED}" for each in entries)
    if changes != recorded:
        yield f"its terms changed {changes} times, and {recorded} times by the record"


async def _rows(connection: Any, statement: str, engagement_id: object) -> Sequence[Any]:
    found = await connection.execute(text(statement), {"id": engagement_id})
    rows: Sequence[Any] = found.all()
    return rows
