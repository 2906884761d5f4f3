"""The states of an engagement, and the only moves between them.

Every accepted engagement is open until it reaches one of three ends: `answered`, `dismissed`,
`withdrawn`. Nothing else is an end, and no timer leads to one: only a person, one of the named
rules, evidence from the platform, or the author's own deletion ends an engagement.

* `received` is a comment that the log holds and the ledger does not know yet; it is never stored.
* Triage goes `received → triaged → awaiting_review` in one transaction, so `triaged` is only ever
  seen from inside. A named rule may close instead, reversibly: an edit of what a rule closed is
  triaged again, and a person can reopen it.
* A person's decision is *held* for its undo time. A held reply is `approved`; a held dismissal
  stays `awaiting_review` and counts as open until it is released.
* `approved → sending` happens in the transaction that records the first delivery attempt, before
  the platform is called. From then on only evidence moves it: `answered` means that the platform
  named the reply, or that it was read back, or that the person who posted it gave its link.
* `sending → awaiting_review` (voided) and `sending → withdrawn` are only possible with no attempt
  open or in doubt; whoever asks must have checked that in the same transaction.
* `delivery_failed` means that the reply was refused *and* is proven absent. `delivery_unknown`
  means that reading back did not settle it: a person looks and decides; nothing resends by itself.

Snoozing, claiming, assigning and drafts are attributes, not states.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from responder.engagement.errors import Conflict


class State(StrEnum):
    RECEIVED = "received"
    TRIAGED = "triaged"
    AWAITING_REVIEW = "awaiting_review"
    APPROVED = "approved"
    SENDING = "sending"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_UNKNOWN = "delivery_unknown"
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


ENDS = frozenset({State.ANSWERED, State.DISMISSED, State.WITHDRAWN})
OPEN = frozenset(State) - ENDS - {State.RECEIVED}


class Trigger(StrEnum):
    """What moves an engagement. The name says what happened, not what follows."""

    UNDERSTOOD = "understood"
    QUEUED = "queued"
    CLOSED_BY_RULE = "closed_by_rule"
    EDITED = "edited"
    APPROVED = "approved"
    UNDONE = "undone"
    VOIDED = "voided"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    POSTED_BY_PERSON = "posted_by_person"
    ATTEMPTED = "attempted"
    DELIVERED = "delivered"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    SENT_AGAIN = "sent_again"
    RETURNED = "returned"
    REOPENED = "reopened"


TRANSITIONS: Mapping[State, Mapping[Trigger, State]] = {
    State.RECEIVED: {Trigger.UNDERSTOOD: State.TRIAGED},
    State.TRIAGED: {
        Trigger.QUEUED: State.AWAITING_REVIEW,
        Trigger.CLOSED_BY_RULE: State.DISMISSED,
    },
    State.AWAITING_REVIEW: {
        Trigger.APPROVED: State.APPROVED,
        Trigger.DISMISSED: State.DISMISSED,
        Trigger.WITHDRAWN: State.WITHDRAWN,
        Trigger.ANSWERED_ELSEWHERE: State.ANSWERED,
        Trigger.POSTED_BY_PERSON: State.ANSWERED,
    },
    State.APPROVED: {
        Trigger.UNDONE: State.AWAITING_REVIEW,
        Trigger.VOIDED: State.AWAITING_REVIEW,
        Trigger.ATTEMPTED: State.SENDING,
        Trigger.WITHDRAWN: State.WITHDRAWN,
        Trigger.ANSWERED_ELSEWHERE: State.ANSWERED,
        Trigger.POSTED_BY_PERSON: State.ANSWERED,
    },
    State.SENDING: {
        Trigger.DELIVERED: State.ANSWERED,
        Trigger.REFUSED: State.DELIVERY_FAILED,
        Trigger.IN_DOUBT: State.DELIVERY_UNKNOWN,
        Trigger.VOIDED: State.AWAITING_REVIEW,
        Trigger.WITHDRAWN: State.WITHDRAWN,
    },
    State.DELIVERY_FAILED: {
        Trigger.RETURNED: State.AWAITING_REVIEW,
        Trigger.WITHDRAWN: State.WITHDRAWN,
    },
    State.DELIVERY_UNKNOWN: {
        Trigger.DELIVERED: State.ANSWERED,
        Trigger.SENT_AGAIN: State.SENDING,
        Trigger.RETURNED: State.AWAITING_REVIEW,
        Trigger.DISMISSED: State.DISMISSED,
        Trigger.WITHDRAWN: State.WITHDRAWN,
    },
    State.ANSWERED: {Trigger.REOPENED: State.AWAITING_REVIEW},
    State.DISMISSED: {
        Trigger.REOPENED: State.AWAITING_REVIEW,
        Trigger.EDITED: State.TRIAGED,
    },
    State.WITHDRAWN: {},
}


@dataclass(eq=False, kw_only=True)
class IllegalTransition(Conflict):
    """{trigger} is not possible while the engagement is {state}."""

    state: State
    trigger: Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One state change of one engagement, with why. Becomes exactly one audit entry."""

    trigger: Trigger
    from_state: State
    to_state: State
    reason: str | None = None


def step(state: State, trigger: Trigger, reason: str | None = None) -> Move:
    """The move that `trigger` makes from `state`. Raises IllegalTransition."""
    return Move(trigger=trigger, from_state=state, to_state=advance(state, trigger), reason=reason)


def advance(state: State, trigger: Trigger) -> State:
    """The state that follows.

    Raises:
        IllegalTransition: the table has no such move; nothing changes.
    """
    try:
        return TRANSITIONS[state][trigger]
    except KeyError:
        raise IllegalTransition(state=state, trigger=trigger) from None
