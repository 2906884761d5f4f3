"""How long people wait, read from the kept counts and from what still waits, in one snapshot.

Waits that are over are counted by the step they came to. What still waits is read from one index,
which holds all that its measures need; a comment that is open and has had a reply does not wait.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import accumulate, takewhile

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.backlog import read_backlog
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.paging import FILTERS
from responder.adapters.postgres.tally import Rows, kept_by_day, read_tally
from responder.adapters.postgres.waits import all_calendars
from responder.engagement.model import DueOutcome, EngagementId
from responder.engagement.sla import counting
from responder.engagement.workspace import OfficeHours, Workspace
from responder.insights.response_times import (
    Days,
    Ends,
    Kept,
    Oldest,
    Open,
    ResponseTimes,
    Wait,
    waits_of,
)
from responder.insights.steps import LONGEST, STEPS
from responder.insights.waits import MEASURES, Basis, Clock, Measure

WAITING = f"{FILTERS['open']} AND e.first_replied_at IS NULL AND e.via <> 'backfill'"
"""Nobody has replied to it yet; what stood there before us does not wait for us."""

_STEPS = [float(step) for step in STEPS]
_IN_DAYS = """
    e.received_at >= CAST(CAST(:first AS text) AS timestamp) AT TIME ZONE 'UTC'
    AND e.received_at < CAST(CAST(:beyond AS text) AS timestamp) AT TIME ZONE 'UTC'
    """
_NOW = "CAST(:now AS float8)"
_BEGAN = """
    GREATEST(LEAST(date_part('epoch', e.{0}_at), {1}), {1} - CAST(:most AS float8)) AS {0}
    """
_NAMES = [f"{clock}_{basis}" for clock, basis in MEASURES]
_NUMBER = "width_bucket(GREATEST({}, 0), CAST(:steps AS float8[])) AS {}"
_WAITING_BY_STEP = f"""
    WITH office AS MATERIALIZED (
      SELECT name, begins, lengths, passed,
        office_seconds({_NOW}, begins, lengths, passed) AS until_now
      FROM jsonb_to_recordset(CAST(:offices AS jsonb))
        AS o (name text, begins float8[], lengths float8[], passed float8[])),
    waiting AS (
      SELECT e.calendar, {_BEGAN.format("published", _NOW)}, {_BEGAN.format("received", _NOW)}
      FROM engagement e WHERE {WAITING} AND {_IN_DAYS}),
    waited AS (
      SELECT {_NOW} - published AS wall_published, {_NOW} - received AS wall_received,
        CASE WHEN name IS NULL THEN {_NOW} - published
          ELSE until_now - office_seconds(published, begins, lengths, passed)
          END AS business_published,
        CASE WHEN name IS NULL THEN {_NOW} - received
          ELSE until_now - office_seconds(received, begins, lengths, passed)
          END AS business_received
      FROM waiting LEFT JOIN office ON name = calendar)
    SELECT count(*) AS items,
      {", ".join(map(_NUMBER.format, _NAMES, _NAMES))}
    FROM waited GROUP BY 2, 3, 4, 5
    """  # noqa: S608 - constants
"""How many came to which number among `STEPS`, by all measures at once. Times are in epoch seconds."""


class PostgresResponseTimes:
    """`insights.response_times.ResponseTimesDesk` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine, *, workspace: Callable[[], Workspace]) -> None:
        self._engine = engine
        self._workspace = workspace
        self._laid_out: tuple[datetime | None, dict[str, dict[str, object]]] = (None, {})
        """Calendars since a day, by the hash that names them: a year of each is much to lay out."""

    async def response_times(self, days: Days) -> ResponseTimes:
        async with transaction(self._engine) as connection:
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            at = (await connection.execute(text("SELECT now()"))).scalar_one()
            rows = await kept_by_day(connection, days.first, days.last)
            offices = await self._offices(connection, at)
            ends = _over(rows)
            await _add_waiting(connection, ends, days, at, offices)
            return ResponseTimes(
                at=at,
                days=days,
                **_counts(ends[Clock.WALL, Basis.RECEIVED]),
                waits=waits_of(ends),
                due=_due(rows, "first"),
                due_again=_due(rows, "again"),
                objectives={
                    name: each.objective for name, each in self._workspace().policies.items()
                },
                open=await _open(connection),
            )

    async def _offices(self, connection: AsyncConnection, at: datetime) -> str:
        """When it was open, of every calendar that a clock ever ran by."""
        known = await all_calendars(connection)
        first = (at - LONGEST).replace(hour=0, minute=0, second=0, microsecond=0)
        since, laid_out = self._laid_out
        if since != first:
            _, laid_out = self._laid_out = (first, {})
        for name in known.keys() - laid_out.keys():
            laid_out[name] = _office(name, known[name], first)
        return to_json(list(laid_out.values())).decode()


async def read_wait(connection: AsyncConnection, days: Days) -> Wait:
    """What people waited who wrote in these days: since it was published, every hour counted."""
    ends = _over(await kept_by_day(connection, days.first, days.last))
    person = ends[Clock.WALL, Basis.PUBLISHED]
    found = await connection.execute(
        text(f"""
            SELECT width_bucket(GREATEST(date_part('epoch', now() - e.published_at), 0),
              CAST(:steps AS float8[])) AS number, count(*) AS items
            FROM engagement e WHERE {WAITING} AND {_IN_DAYS} GROUP BY 1
            """),  # noqa: S608 - constants
        {**_between(days), "steps": _STEPS},
    )
    for row in found:
        person.waiting[STEPS[row.number - 1]] += row.items
    return Wait(person.curve)


def _counts(ends: Ends) -> dict[str, int]:
    replied, closed, waiting = (
        sum(each.values()) for each in (ends.replied, ends.closed, ends.waiting)
    )
    return {
        "came": replied + closed + waiting,
        "replied": replied,
        "closed": closed,
        "waiting": waiting,
    }


def _over(rows: Rows) -> dict[Measure, Ends]:
    """What the kept counts say of the waits that are over."""
    ends = {measure: Ends() for measure in MEASURES}
    for (kind, labels), (items, _, _) in rows.items():
        if kind == "day_wait":
            clock, basis, outcome, step = labels
            each = ends[Clock(clock), Basis(basis)]
            counts = each.replied if outcome == "replied" else each.closed
            counts[int(step)] += items
    return ends


async def _add_waiting(
    connection: AsyncConnection,
    ends: Mapping[Measure, Ends],
    days: Days,
    at: datetime,
    offices: str,
) -> None:
    found = await connection.execute(
        text(_WAITING_BY_STEP),
        {
            **_between(days),
            "now": at.timestamp(),
            "most": LONGEST.total_seconds(),
            "steps": _STEPS,
            "offices": offices,
        },
    )
    for row in found.mappings():
        for clock, basis in MEASURES:
            ends[clock, basis].waiting[STEPS[row[f"{clock}_{basis}"] - 1]] += row["items"]


def _between(days: Days) -> dict[str, str]:
    return {
        "first": days.first.isoformat(),
        "beyond": (days.last + timedelta(days=1)).isoformat(),
    }


def _office(name: str, hours: OfficeHours, first: datetime) -> dict[str, object]:
    """When it was open since then, and how long it had been open before each time."""
    beyond = first + LONGEST + timedelta(days=2)
    opened = list(takewhile(lambda each: each.begins < beyond, counting(first, hours)))
    lengths = [each.length.total_seconds() for each in opened]
    return {
        "name": name,
        "begins": [each.begins.timestamp() for each in opened],
        "lengths": lengths,
        "passed": [0.0, *accumulate(lengths)][: len(lengths)],
    }


def _due(rows: Rows, period: str) -> tuple[Kept, ...]:
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (kind, labels), (items, _, _) in rows.items():
        if kind == "day_due" and labels[-1] == period:
            sla, tier, outcome, _ = labels
            counts[sla, tier][DueOutcome(outcome).value] += items
    return tuple(Kept(sla=sla, tier=tier, **how) for (sla, tier), how in sorted(counts.items()))


async def _open(connection: AsyncConnection) -> Open:
    backlog = (await read_backlog(connection, await read_tally(connection))).values()
    return Open(
        items=sum(each.items for each in backlog),
        overdue=sum(each.overdue for each in backlog),
        at_risk=sum(each.at_risk for each in backlog),
        oldest_published=await _oldest(connection, "published_at"),
        oldest_received=await _oldest(connection, "received_at"),
    )


async def _oldest(connection: AsyncConnection, since: str) -> Oldest | None:
    found = await connection.execute(
        text(f"""
            SELECT e.id, e.{since} AS since FROM engagement e
            WHERE {WAITING} ORDER BY e.{since} LIMIT 1
            """)  # noqa: S608 - constants
    )
    row = found.one_or_none()
    return None if row is None else Oldest(EngagementId(row.id), row.since)
