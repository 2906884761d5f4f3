"""What a person's command does to an engagement under lock: pure."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from responder.engagement.clock import ClockAct, ClockRefuses, Tick
from responder.engagement.errors import Conflict
from responder.engagement.events import web_address
from responder.engagement.lifecycle import ENDS, IllegalTransition, Move, State, Trigger, step
from responder.engagement.model import PERSON_REASONS, DismissalReason
from responder.engagement.typed import reason, unseen
from responder.review.commands import (
    Approve,
    Command,
    Dismiss,
    FoundThere,
    LetClockGoOn,
    PostedByPerson,
    Reopen,
    SendAgain,
    StopClock,
    Undo,
)
from responder.review.errors import (
    AlreadyDecided,
    DecidedSince,
    ReasonUnusable,
    StaleApproval,
    TextUnusable,
    TooLateToUndo,
    TriedSince,
    UsedBefore,
)
from responder.review.ports import (
    Decision,
    Hold,
    Locked,
)

AnyCommand = TypeVar("AnyCommand", bound=Command)

UNDO_SECONDS_MAX = 120


def approve(locked: Locked, command: Approve, *, now: datetime, decision_id: UUID) -> Decision:
    """Hold this exact text for the undo time.

    After a refusal by the platform the item goes back to review first, so that what was approved
    then and what is approved now are two decisions.
    """
    _still_as_shown(locked, command)
    state = locked.state
    moves: tuple[Move, ...] = ()
    if state is State.DELIVERY_FAILED:
        moves = (step(state, Trigger.RETURNED),)
        state = State.AWAITING_REVIEW
    return Decision(
        engagement_id=command.engagement_id,
        actor=command.actor,
        at=now,
        key=command.scoped_key,
        moves=(*moves, step(state, Trigger.APPROVED)),
        hold=Hold(
            decision_id=decision_id,
            kind="reply",
            text=usable(command.text, limit=locked.text_limit),
            context=command.context,
            draft_version=command.draft_version,
            release_at=now + _undo_time(command.undo_seconds),
        ),
    )


def dismiss(locked: Locked, command: Dismiss, *, now: datetime, decision_id: UUID) -> Decision:
    """Hold the closing for the undo time; until then the item counts as open."""
    _still_as_shown(locked, command)
    step(locked.state, Trigger.DISMISSED)  # refused now rather than at its release
    if command.reason not in PERSON_REASONS:
        raise ReasonUnusable(why=f"{command.reason} is not a reason that a person gives.")
    if command.reason is DismissalReason.OTHER and not command.note.strip():
        raise ReasonUnusable(why="the reason “other” needs a few words in the note.")
    return Decision(
        engagement_id=command.engagement_id,
        actor=command.actor,
        at=now,
        key=command.scoped_key,
        reason=command.reason.value,
        hold=Hold(
            decision_id=decision_id,
            kind="dismissal",
            reason=command.reason,
            note=command.note.strip(),
            context=command.context,
            release_at=now + _undo_time(command.undo_seconds),
        ),
    )


def undo(locked: Locked, command: Undo, *, now: datetime) -> Decision | None:
    """Take the held decision back; None if it was taken back or stopped before."""
    held = locked.held
    if held is None and locked.state is State.AWAITING_REVIEW:
        return None
    if held is None:
        raise TooLateToUndo
    if command.decision_id not in {None, held.decision_id}:
        raise DecidedSince(who=held.actor_name)
    moves = (step(State.APPROVED, Trigger.UNDONE),) if held.kind == "reply" else ()
    return Decision(
        engagement_id=command.engagement_id,
        actor=command.actor,
        at=now,
        key=f"undo-{held.decision_id}",
        moves=moves,
        undo=held.decision_id,
    )


def posted_by_person(locked: Locked, command: PostedByPerson, *, now: datetime) -> Decision:
    """The person posted it by hand and gives the link: that is the evidence."""
    _still_as_shown(locked, command)
    return Decision(
        engagement_id=command.engagement_id,
        actor=command.actor,
        at=now,
        key=command.scoped_key,
        moves=(step(locked.state, Trigger.POSTED_BY_PERSON),),
        end_url=_link(command.url),
        end_text=usable(command.text, limit=locked.text_limit),
    )


def found_there(locked: Locked, command: FoundThere, *, now: datetime) -> Decision:
    """An unknown delivery is there: the person saw it."""
    _in_doubt(locked)
    _not_decided(locked)
    return Decision(
        engagement_id=command.engagement_id,
        actor=command.actor,
        at=now,
        key=command.scoped_key,
        moves=(step(State.DELIVERY_UNKNOWN, Trigger.DELIVERED),),
        end_url=_link(command.url),
    )


def send_again(locked: Locked, command: SendAgain, *, now: datetime) -> Decision:
    """An unknown delivery is not there: the person looked.

    What was seen before its last attempt says nothing about that one.
    """
    _in_doubt(locked)
    _still_as_shown(locked, command)
    if command.attempts not in {None, locked.attempts}:
        raise TriedSince
    return Decision(
        engagement_id=command.engagement_id,
        actor=command.actor,
        at=now,
        key=command.scoped_key,
        moves=(step(State.DELIVERY_UNKNOWN, Trigger.SENT_AGAIN),),
        sends_again=True,
    )


def reopen(locked: Locked, command: Reopen, *, now: datetime) -> Decision:
    """Open again what ended, or give back what could not be delivered."""
    _not_decided(locked)
    state = locked.state
    trigger = Trigger.REOPENED if state in ENDS else Trigger.RETURNED
    return Decision(
        engagement_id=command.engagement_id,
        actor=command.actor,
        at=now,
        key=command.scoped_key,
        moves=(step(state, trigger),),
    )


def stop_clock(locked: Locked, command: StopClock, *, now: datetime) -> Decision:
    """Let the time not count until it goes on, where the target allows that."""
    _is_open(locked, ClockAct.PAUSED)
    if locked.due_at is None:
        raise ClockRefuses(act=ClockAct.PAUSED, why="no target applies to the comment")
    if not locked.clock_may_stop:
        raise ClockRefuses(act=ClockAct.PAUSED, why="its target does not allow that")
    if locked.is_clock_stopped:
        raise ClockRefuses(act=ClockAct.PAUSED, why="it stands already")
    if locked.due_at <= now:
        raise ClockRefuses(act=ClockAct.PAUSED, why="the answer is late already")
    return _ticked(command, ClockAct.PAUSED, now, why=reason(command.reason))


def let_clock_go_on(locked: Locked, command: LetClockGoOn, *, now: datetime) -> Decision:
    """Let the time count again; also where no target allows a stop any more, or none applies."""
    _is_open(locked, ClockAct.RESUMED)
    if not locked.is_clock_stopped:
        raise ClockRefuses(act=ClockAct.RESUMED, why="it runs")
    return _ticked(command, ClockAct.RESUMED, now)


def check_repeat(
    locked: Locked, command: AnyCommand, decide: Callable[[Locked, AnyCommand], Decision]
) -> None:
    """A repeat has nothing to do while its effect holds; where it is gone, it must not seem done.

    It is gone when the same could be decided anew: it was taken back, stopped, or opened again. To
    do it anew takes a new form, since nobody knows whether this is a wish or an old press on its way.

    Raises:
        UsedBefore: the effect is gone.
    """
    try:
        decide(locked, replace(command, context=locked.context))
    except Conflict:
        return
    raise UsedBefore


def usable(text: str, *, limit: int) -> str:
    """The text as it will be posted: NFC, line ends as LF, ends trimmed.

    Raises:
        TextUnusable: nothing in it, too long, or characters that nobody can see.
    """
    cleaned = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not cleaned:
        raise TextUnusable(why="it is empty")
    if len(cleaned) > limit:
        raise TextUnusable(why=f"it has {len(cleaned)} characters, and {limit} fit there")
    number = unseen(cleaned)
    if number is not None:
        raise TextUnusable(why=f"it has an invisible character ({number})")
    return cleaned


def _not_decided(locked: Locked) -> None:
    if locked.held is not None:
        raise AlreadyDecided(who=locked.held.actor_name, state=locked.state, context=locked.context)


def _still_as_shown(locked: Locked, command: Command) -> None:
    _not_decided(locked)
    if locked.context != command.context:
        raise StaleApproval(state=locked.state, context=locked.context)


def _in_doubt(locked: Locked) -> None:
    if locked.state is not State.DELIVERY_UNKNOWN:
        raise IllegalTransition(state=locked.state, trigger=Trigger.SENT_AGAIN)


def _is_open(locked: Locked, act: ClockAct) -> None:
    if locked.state in ENDS:
        raise ClockRefuses(act=act, why="the comment is not open any more")


def _ticked(command: Command, act: ClockAct, now: datetime, *, why: str = "") -> Decision:
    return Decision(
        engagement_id=command.engagement_id,
        actor=command.actor,
        at=now,
        key=command.scoped_key,
        tick=Tick(act=act, at=now, actor=f"person:{command.actor}", reason=why),
    )


def _undo_time(seconds: int) -> timedelta:
    return timedelta(seconds=min(max(seconds, 0), UNDO_SECONDS_MAX))


def _link(url: str) -> str:
    link = web_address(url.strip())
    if link is None:
        raise TextUnusable(why="the link must start with https:// or http:// and hold no blank")
    return link
