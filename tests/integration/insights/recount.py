"""Every figure once more, from what the observer noted: comment by comment, minute by minute.

Nothing of the product's arithmetic is used but the steps, which are what the figures are defined by.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache
from itertools import accumulate, product
from typing import Any
from zoneinfo import ZoneInfo

from responder.adapters.system import SystemClock
from responder.insights.steps import STEPS
from tests.integration.insights.history import Noted, tier_of

AGES = {"1h": 3_600, "24h": 86_400, "7d": 604_800}
BOUNDS = (1, 5, 15, 30, 60, 120, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 259200)
MEASURES = tuple(product(("wall", "business"), ("published", "received")))
A_MINUTE = timedelta(minutes=1)
MOST = timedelta(days=50)


class Office:
    """Whether the clock on the wall there says that somebody is there, minute by minute."""

    def __init__(self, hours: Mapping[str, Any], until: datetime) -> None:
        self._zone = ZoneInfo(hours["zone"])
        self._first = (until - MOST).replace(second=0, microsecond=0)
        minutes = [self._first + n * A_MINUTE for n in range((MOST // A_MINUTE) + 2)]
        self._open = [self._is_open(hours, minute.astimezone(self._zone)) for minute in minutes]
        self._before = [0, *accumulate(60 * is_open for is_open in self._open)]

    @staticmethod
    def _is_open(hours: Mapping[str, Any], shown: datetime) -> bool:
        opened = hours["week"].get(str(shown.weekday()), ())
        return shown.date().isoformat() not in hours["holidays"] and any(
            time.fromisoformat(a) <= shown.time() < time.fromisoformat(b) for a, b in opened
        )

    def until(self, moment: datetime) -> float:
        """Seconds in which somebody was there, from long ago up to then."""
        minute, rest = divmod(moment - self._first, A_MINUTE)
        return self._before[minute] + self._open[minute] * rest.total_seconds()


def office_seconds(since: datetime, until: datetime, hours: Mapping[str, Any] | None) -> float:
    if hours is None:
        return (until - since).total_seconds()
    office = _office(json.dumps(hours))
    return round(office.until(until) - office.until(since), 6)


@cache
def _office(hours: str) -> Office:
    return Office(json.loads(hours), SystemClock().now() + timedelta(days=5))


@dataclass(frozen=True)
class Waited:
    """How long one person waited by one measure, and whether there was a reply at the end."""

    seconds: float
    is_replied: bool

    @property
    def step(self) -> int:
        if self.is_replied:
            return next(step for step in STEPS if step >= self.seconds)
        return max(step for step in STEPS if step <= self.seconds)


def waits(
    everybody: Iterable[Noted], at: datetime
) -> Mapping[tuple[str, str], Mapping[Any, Waited]]:
    """By measure and comment, of all to whom somebody could have replied."""
    found: dict[tuple[str, str], dict[Any, Waited]] = {measure: {} for measure in MEASURES}
    for each in everybody:
        if each.via == "backfill":
            continue
        ended, terms = each.first_reply or each.closed or (at, each.row.terms)
        hours = None if terms is None else terms["hours"]
        for basis, began in (("published", each.published_at), ("received", each.received_at)):
            since = min(began, ended)
            by_clock = {
                "wall": (ended - since).total_seconds(),
                "business": office_seconds(since, ended, hours),
            }
            for clock, seconds in by_clock.items():
                found[clock, basis][each.id] = Waited(seconds, each.first_reply is not None)
    return found


@dataclass(frozen=True)
class Curve:
    """Who still waits, one comment after the other."""

    points: tuple[tuple[int, Fraction], ...]
    reach: int

    @classmethod
    def of(cls, some: Iterable[Waited]) -> "Curve":
        people = list(some)
        share, points = Fraction(1), []
        for step in sorted({each.step for each in people if each.is_replied}):
            at_risk = [each for each in people if each.step >= step]
            replied = sum(each.is_replied and each.step == step for each in at_risk)
            share *= 1 - Fraction(replied, len(at_risk))
            points.append((step, share))
        return cls(tuple(points), max((each.step for each in people), default=0))

    def waiting(self, seconds: int) -> Fraction | None:
        share = next((s for step, s in reversed(self.points) if step <= seconds), Fraction(1))
        return share if seconds <= self.reach or share == 0 else None

    def by(self, share: Fraction) -> int | None:
        return next((step for step, left in self.points if left <= 1 - share), None)

    @property
    def median(self) -> int | None:
        return self.by(Fraction(1, 2))

    @property
    def p90(self) -> int | None:
        return self.by(Fraction(9, 10))


@dataclass(frozen=True)
class Recount:
    """All figures of these days, at one moment."""

    everybody: Sequence[Noted]
    at: datetime
    first: date
    last: date

    @property
    def cohort(self) -> list[Noted]:
        return [
            each
            for each in self.everybody
            if each.via != "backfill" and self.first <= _day(each.received_at) <= self.last
        ]

    def counts(self) -> dict[str, int]:
        replied = sum(each.first_reply is not None for each in self.cohort)
        closed = sum(each.closed is not None for each in self.cohort)
        came = len(self.cohort)
        return {
            "came": came,
            "replied": replied,
            "closed": closed,
            "waiting": came - replied - closed,
        }

    def curves(self) -> Mapping[tuple[str, str], Curve]:
        return {
            measure: Curve.of(by_comment.values())
            for measure, by_comment in waits(self.cohort, self.at).items()
        }

    def due(self, *, is_first: bool) -> dict[tuple[str, str], Counter[str]]:
        """Of what was settled in these days."""
        found: dict[tuple[str, str], Counter[str]] = {}
        for each in self.everybody:
            for settled in each.settled:
                if settled.is_first == is_first and self.first <= _day(settled.at) <= self.last:
                    found.setdefault((settled.sla, settled.tier), Counter())[settled.outcome] += 1
        return found

    def open_now(self) -> dict[str, int]:
        now = [each for each in self.everybody if each.is_open]
        return {
            "items": len(now),
            "overdue": sum(self._is_overdue(each) for each in now),
            "at_risk": sum(self._is_at_risk(each) for each in now),
        }

    def oldest(self, basis: str) -> Noted | None:
        waiting = [
            each
            for each in self.everybody
            if each.is_open and each.first_reply is None and each.via != "backfill"
        ]
        return min(waiting, key=lambda each: _began(each, basis), default=None)

    def oldest_seconds(self, basis: str) -> float | None:
        oldest = self.oldest(basis)
        return None if oldest is None else (self.at - _began(oldest, basis)).total_seconds()

    def _is_overdue(self, each: Noted) -> bool:
        row = each.row
        is_late = row.due_at is not None and row.due_at < self.at and row.clock_paused_at is None
        return row.due_outcome == "missed" or (row.due_outcome is None and is_late)

    def _is_at_risk(self, each: Noted) -> bool:
        """Within the last hour and a half of office hours, or the last fifth of the day's target.

        Never before the office has opened once: at night nobody is to hurry to anything.
        """
        row = each.row
        if row.due_at is None or row.due_outcome or row.clock_paused_at or row.due_at <= self.at:
            return False
        left = office_seconds(self.at, row.due_at, row.terms["hours"])
        warned = 5_400 if row.terms["policy"] == "first-reply" else 0.2 * 93_600
        return left <= warned and left < row.terms["target_seconds"]


def first_replies(everybody: Iterable[Noted], at: datetime) -> Mapping[Any, list[float]]:
    """As the metrics have them: of all time, seconds by tier, clock and basis."""
    found: dict[Any, list[float]] = {}
    replied = [each for each in everybody if each.first_reply is not None]
    for measure, by_comment in waits(replied, at).items():
        for each in replied:
            if each.id in by_comment:
                terms = each.first_reply[1] if each.first_reply else None
                tier = "" if terms is None else tier_of(terms)
                found.setdefault((tier, *measure), []).append(by_comment[each.id].seconds)
    return found


def _began(each: Noted, basis: str) -> datetime:
    return each.published_at if basis == "published" else each.received_at


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
