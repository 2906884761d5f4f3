"""One comment, with all that a person needs to decide, on one screen."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiohttp import web

from responder.engagement.errors import ResponderError
from responder.engagement.lifecycle import State
from responder.engagement.model import PERSON_REASONS, DismissalReason, EngagementId
from responder.review.errors import (
    StaleApproval,
)
from responder.review.ports import Item, Row
from responder.web.console import presenters, queue, staleness
from responder.web.console.scope import Scope
from responder.web.console.visit import Form, Visit, status_of

REASONS = tuple(reason for reason in DismissalReason if reason in PERSON_REASONS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comment stands in the view that it was opened from."""

    number: int | None
    of: int
    previous: UUID | None
    next: UUID | None


async def show(visit: Visit) -> web.StreamResponse:
    return await render(visit, visit.engagement_id())


async def render(
    visit: Visit,
    engagement_id: EngagementId,
    *,
    error: ResponderError | None = None,
    typed: str | None = None,
    why: str = "",
) -> web.Response:
    """The comment's page; after an error with what went wrong and what was typed as text or reason."""
    as_of = await visit.console.desk.latest_change()  # before the item: nothing falls between
    item = await visit.console.desk.item(engagement_id)
    return await visit.page(
        "engagement.html",
        status=200 if error is None else status_of(error),
        error=error,
        why=why,
        as_of=as_of,
        decided=await queue.decided(visit),
        **await _values(visit, item, typed),
    )


async def render_stale(visit: Visit, error: StaleApproval, *, form: Form) -> web.Response:
    """What changed since the person looked, beside what they had; nothing is overwritten."""
    as_of = await visit.console.desk.latest_change()
    item = await visit.console.desk.item(visit.engagement_id())
    seen = staleness.read_seen(form.get("seen", ""))
    return await visit.page(
        "stale.html",
        status=409,
        error=error,
        as_of=as_of,
        changes=staleness.changes(seen, item),
        **await _values(visit, item, form.get("text")),
    )


async def _values(visit: Visit, item: Item, typed: str | None) -> dict[str, Any]:
    scope = visit.scope
    return {
        "item": item,
        "row": item.row,
        "scope": scope,
        "place": await _place(visit, scope, item.row),
        "reply": written(item) if typed is None else typed,
        "typed": typed is not None,
        "is_open": item.row.state is State.AWAITING_REVIEW and item.row.held is None,
        "reasons": REASONS,
        "key_prefix": visit.console.ids.uuid().hex,
        "seen": json.dumps(staleness.seen(item)),
        "due": presenters.due(item.row, visit.now),
    }


def written(item: Item) -> str:
    """What the editor starts with: the person's own last words, else the suggestion."""
    if item.taken_back_text is not None:
        return item.taken_back_text
    return (item.draft.text if item.draft else None) or ""


async def _place(visit: Visit, scope: Scope, row: Row) -> Place:
    page = await visit.console.desk.queue(scope.wanted, limit=queue.ROWS)
    ids = [each.engagement_id for each in page.rows]
    if row.engagement_id not in ids:
        return Place(None, page.matching, None, ids[0] if ids else None)
    at = ids.index(row.engagement_id)
    return Place(
        number=at + 1,
        of=page.matching,
        previous=ids[at - 1] if at else None,
        next=ids[at + 1] if at + 1 < len(ids) else None,
    )
