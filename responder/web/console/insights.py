"""The page of response times, and the same figures as a table to take away."""

import csv
from io import StringIO

from aiohttp import web

from responder.engagement.errors import Malformed
from responder.insights.response_times import Days, together
from responder.insights.table import rows_of
from responder.web.console.curves import chart
from responder.web.console.visit import Visit
from responder.web.days import days_of

CHOICES = (1, 7, 30)
"""Days, today included."""


async def response_times(visit: Visit) -> web.StreamResponse:
    days, mistake = _days(visit)
    found = await visit.console.response_times.response_times(days)
    return await visit.page(
        "response-times.html",
        status=200 if mistake is None else 422,
        times=found,
        chart=chart(found.waits) if found.came else None,
        chosen=_chosen(days, visit),
        choices=CHOICES,
        together=together,
        today=visit.now.date(),
        mistake=mistake,
    )


async def table(visit: Visit) -> web.StreamResponse:
    """As comma-separated values: one figure a line, with what it is of."""
    days = days_of(visit.request.query, visit.now.date())
    found = await visit.console.response_times.response_times(days)
    written = StringIO()
    csv.writer(written).writerows(rows_of(found))
    name = f"response-times-{days.first}-{days.last}.csv"
    return web.Response(
        text=written.getvalue(),
        content_type="text/csv",
        charset="utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _days(visit: Visit) -> tuple[Days, Malformed | None]:
    """Those that were asked for; else the usual ones, and what was wrong."""
    try:
        return days_of(visit.request.query, visit.now.date()), None
    except Malformed as error:
        return days_of({}, visit.now.date()), error


def _chosen(days: Days, visit: Visit) -> int | None:
    """How many days up to today; None for any other."""
    return days.count if days.last == visit.now.date() and days.count in CHOICES else None
