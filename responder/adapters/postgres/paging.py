"""Which comments a page of the queue shows, and where the next one begins."""

import base64
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from responder.engagement.errors import Malformed
from responder.engagement.lifecycle import State
from responder.review.ports import QueueFilter

STATES = {
    "open": (
        *(State.AWAITING_REVIEW, State.APPROVED, State.SENDING),
        *(State.DELIVERY_FAILED, State.DELIVERY_UNKNOWN),
    ),
    "attention": (State.DELIVERY_FAILED, State.DELIVERY_UNKNOWN),
    "answered": (State.ANSWERED,),
    "closed": (State.DISMISSED,),
    "deleted": (State.WITHDRAWN,),
}
LATE = "e.due_outcome IS NULL AND e.due_at < now() AND e.clock_paused_at IS NULL"
"""Of what is open: its time has passed, and that is not recorded yet."""
AT_RISK = """
    e.due_outcome IS NULL AND e.due_at > now() AND e.at_risk_from <= now()
    AND e.clock_paused_at IS NULL
    """
"""Of what is open: not late yet, but warned of, or with little of its time left."""
FILTERS = {
    name: f"e.state IN ({', '.join(repr(state.value) for state in states)})"
    for name, states in STATES.items()
}
"""As SQL: the predicates of the ledger's partial indexes follow from them."""
# An open comment is in order of its due time while its clock runs: late is what stands before now.
FILTERS["overdue"] = f"{FILTERS['open']} AND e.order_due <= now()"
FILTERS["at_risk"] = f"{FILTERS['open']} AND {AT_RISK}"
IN_ORDER_OF_DUE = frozenset({"open", "attention", "overdue", "at_risk"})
"""The other views show first what ended last."""


def condition_of(wanted: QueueFilter) -> tuple[str, dict[str, object]]:
    """As SQL over `engagement e` and `comment c`, with its parameters.

    Raises:
        Malformed: there is no such state.
    """
    if wanted.state not in FILTERS:
        raise Malformed(what="state", why=f"it is none of {', '.join(FILTERS)}")
    conditions, values = [FILTERS[wanted.state]], dict[str, object]()
    if wanted.queue is not None:
        conditions.append("e.queue = :queue")
        values["queue"] = wanted.queue
    if wanted.source is not None:
        conditions.append("e.source = :source")
        values["source"] = wanted.source
    if wanted.assigned_to is not None:
        conditions.append("e.assigned_to = :assigned_to")
        values["assigned_to"] = wanted.assigned_to
    for number, word in enumerate(words_of(wanted)):
        conditions.append(f"(c.text ILIKE :word{number} OR c.author_name ILIKE :word{number})")
        values[f"word{number}"] = f"%{_escaped(word)}%"
    return " AND ".join(conditions), values


def words_of(wanted: QueueFilter) -> list[str]:
    """What must occur; of more than ten the first."""
    return wanted.text.split()[:10]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def position_of(row: Any, *, is_open: bool) -> str:
    """Where a page ends, as an opaque token."""
    parts = (
        [row.rank, row.order_due.isoformat(), row.received_at.isoformat(), str(row.id)]
        if is_open
        else [row.ended_at.isoformat(), str(row.id)]
    )
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def beyond(after: str | None, *, is_open: bool) -> tuple[str, dict[str, object]]:
    """What comes after such a token, as SQL with its parameters.

    Raises:
        Malformed: it is none of ours.
    """
    if after is None:
        return "true", {}
    try:
        parts = json.loads(base64.urlsafe_b64decode(after.encode()))
        if is_open:
            rank, due, received, row_id = parts
            return (
                "(e.rank, e.order_due, e.received_at, e.id) > (:rank, :due, :received, :row_id)",
                {
                    "rank": int(rank),
                    "due": datetime.fromisoformat(due),
                    "received": datetime.fromisoformat(received),
                    "row_id": UUID(row_id),
                },
            )
        ended, row_id = parts
        return (
            "(e.ended_at, e.id) < (:ended, :row_id)",
            {"ended": datetime.fromisoformat(ended), "row_id": UUID(row_id)},
        )
    except (ValueError, TypeError) as error:
        raise Malformed(what="the page's position", why="it is not one of ours") from error
