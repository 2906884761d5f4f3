"""Due times: office hours in their own zone, through holidays and changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.engagement.sla import due_at
from responder.engagement.workspace import OfficeHours, SlaPolicy

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = {day: ((time(9), time(17)),) for day in range(5)}
OFFICE = OfficeHours("office", BERLIN, NINE_TO_FIVE, frozenset({date(2026, 12, 25)}))
WORKING_DAY = SlaPolicy("one-working-day", timedelta(hours=8), OFFICE)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-23T09:00", "2026-11-23T17:00"),  # a Monday morning: the same day
        ("2026-11-23T10:30", "2026-11-24T10:30"),
        ("2026-11-23T03:00", "2026-11-23T17:00"),  # before the office opens
        ("2026-11-23T18:00", "2026-11-24T17:00"),  # after it closed
        ("2026-11-27T16:00", "2026-11-30T16:00"),  # Friday afternoon: Monday
        ("2026-11-28T12:00", "2026-11-30T17:00"),  # a Saturday
        ("2026-12-24T13:00", "2026-12-28T13:00"),  # Christmas on a Friday
        ("2026-03-27T13:00", "2026-03-30T13:00"),  # clocks go forward on the Sunday between
        ("2026-10-23T13:00", "2026-10-26T13:00"),  # and back
    ],
)
def test_a_working_day_is_counted_in_office_hours(received: str, due: str) -> None:
    assert due_at(berlin(received), WORKING_DAY) == berlin(due).astimezone(UTC)


def test_without_office_hours_every_hour_counts() -> None:
    policy = SlaPolicy("fast", timedelta(hours=4))
    assert due_at(berlin("2026-11-28T22:00"), policy) == berlin("2026-11-29T02:00")


def test_a_calendar_that_never_opens_long_enough_is_named() -> None:
    shut = OfficeHours("shut", BERLIN, {})
    with pytest.raises(ValueError, match="shut"):
        due_at(berlin("2026-11-23T09:00"), SlaPolicy("never", timedelta(hours=1), shut))


@given(
    received=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(BERLIN)),  # noqa: DTZ001 - the strategy adds the zone
    minutes=st.integers(1, 60 * 40),
)
def test_later_comments_are_never_due_earlier_and_every_due_time_is_within_office_hours(
    received: datetime, minutes: int
) -> None:
    policy = SlaPolicy("p", timedelta(minutes=minutes), OFFICE)
    due = due_at(received, policy).astimezone(BERLIN)
    assert due.weekday() < 5
    assert time(9) < due.time() <= time(17)
    later = (received.astimezone(UTC) + timedelta(hours=1)).astimezone(BERLIN)
    assert due_at(later, policy) >= due
    assert due - received.astimezone(UTC) >= policy.target
