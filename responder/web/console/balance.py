"""Is anything missing? What the live audit found, and the closing balance of every place."""

from datetime import timedelta

from aiohttp import web

from responder.audit.ports import Standing
from responder.engagement.errors import Malformed
from responder.insights.response_times import Days
from responder.review.ports import Balance
from responder.web.console.visit import Visit
from responder.web.days import days_of

ASLEEP = timedelta(minutes=5)
"""Who looks every few seconds and has not for so long does not look any more."""


async def show(visit: Visit) -> web.StreamResponse:
    days, mistake = _days(visit)
    proof = visit.console.proof
    standing = await proof.standing()
    found = await proof.findings(check for check, number in standing.totals.items() if number)
    balances = await proof.balances(days)
    return await visit.page(
        "balance.html",
        status=200 if mistake is None else 422,
        standing=standing,
        is_asleep=_is_asleep(standing, visit),
        found=found,
        balances=balances,
        total=_together(list(balances.values())),
        titles={each.id: each.title for each in await visit.console.desk.sources()},
        days=days,
        today=visit.now.date(),
        mistake=mistake,
    )


def _days(visit: Visit) -> tuple[Days | None, Malformed | None]:
    """Those that were asked for; None: all, also where they make no sense."""
    query = visit.request.query
    if not any(query.get(name) for name in ("first", "last", "days")):
        return None, None
    try:
        return days_of(query, visit.now.date()), None
    except Malformed as error:
        return None, error


def _is_asleep(standing: Standing, visit: Visit) -> bool:
    return standing.looked_at is not None and visit.now - standing.looked_at > ASLEEP


def _together(some: list[Balance]) -> Balance:
    return Balance(
        accepted=sum(each.accepted for each in some),
        answered=sum(each.answered for each in some),
        dismissed=sum(each.dismissed for each in some),
        withdrawn=sum(each.withdrawn for each in some),
        open=sum(each.open for each in some),
        unreadable=sum(each.unreadable for each in some),
    )
