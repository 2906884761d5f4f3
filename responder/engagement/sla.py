"""When a first reply is due: pure arithmetic over calendars.

All times are aware. Office hours are wall-clock hours of their zone, so a day with a change of
clocks is as long as its opening hours really last.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from responder.engagement.workspace import OfficeHours, SlaPolicy

SEARCHED_DAYS = 3660
"""A calendar that opens less often than this allows is refused when it is configured."""


def due_at(start: datetime, policy: SlaPolicy) -> datetime:
    """The moment by which the person should have a public answer, in UTC."""
    if policy.hours is None:
        return (start + policy.target).astimezone(UTC)
    left = policy.target
    for opens, closes in _open_intervals(policy.hours, start):
        usable = closes - max(opens, start.astimezone(UTC))
        if usable >= left:
            return max(opens, start.astimezone(UTC)) + left
        left -= usable
    raise ValueError(f"office hours {policy.hours.name!r} are too short for {policy.target}")


def _open_intervals(hours: OfficeHours, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Opening intervals that end after `start`, in UTC, oldest first."""
    first = start.astimezone(hours.zone).date()
    for offset in range(SEARCHED_DAYS):
        for opens, closes in _of_day(hours, first + timedelta(days=offset)):
            if closes > start.astimezone(UTC):
                yield opens, closes


def _of_day(hours: OfficeHours, day: date) -> Iterator[tuple[datetime, datetime]]:
    if day in hours.holidays:
        return
    for opens, closes in hours.week.get(day.weekday(), ()):
        yield (
            datetime.combine(day, opens, tzinfo=hours.zone).astimezone(UTC),
            datetime.combine(day, closes, tzinfo=hours.zone).astimezone(UTC),
        )
