"""The queue: who waits for an answer, soonest due first."""

from aiohttp import web

from responder.engagement.errors import NotFound
from responder.engagement.model import EngagementId
from responder.review.ports import Item
from responder.web.console.visit import Visit, as_uuid

ROWS = 50
"""More in one page is slow to draw and too much to look at."""


async def show(visit: Visit) -> web.StreamResponse:
    scope = visit.scope
    page = await visit.console.desk.queue(
        scope.wanted, after=visit.request.query.get("after"), limit=ROWS
    )
    return await visit.page(
        "queue.html",
        balance=page.balance,
        page=page,
        scope=scope,
        sources=await visit.console.desk.sources(),
        decided=await decided(visit),
        as_of=page.as_of,
    )


async def decided(visit: Visit) -> Item | None:
    """What the person decided a moment ago, as it stands now: here it can be taken back."""
    engagement_id = as_uuid(visit.request.query.get("decided"))
    if engagement_id is None:
        return None
    try:
        return await visit.console.desk.item(EngagementId(engagement_id))
    except NotFound:
        return None
