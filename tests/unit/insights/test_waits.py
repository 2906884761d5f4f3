"""How long somebody waited: by every hour and by office hours, as a person would count."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.engagement.sla import counted, due_at
from responder.engagement.workspace import OfficeHours
from responder.insights.steps import LONGEST
from responder.insights.waits import MEASURES, Basis, Clock, Measure, waited

MONDAY = datetime(2026, 5, 4, tzinfo=UTC)
WEEKDAYS = OfficeHours(
    "office",
    ZoneInfo("Europe/Berlin"),
    MappingProxyType({day: ((time(9), time(17)),) for day in range(5)}),
    frozenset({datetime(2026, 5, 14, tzinfo=UTC).date()}),
)
moments = st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them so


def hours(measure: Measure, *, published: datetime, received: datetime, ended: datetime) -> float:
    found = waited(published_at=published, received_at=received, ended_at=ended, hours=WEEKDAYS)
    return float(found[measure]) / 3_600


@pytest.mark.parametrize(
    ("received", "replied", "wall", "office"),
    [
        # Berlin is two hours ahead: the office is open from 7 to 15 in UTC.
        (MONDAY.replace(hour=8), MONDAY.replace(hour=10), 2, 2),
        (MONDAY.replace(hour=3), MONDAY.replace(hour=8), 5, 1),
        (MONDAY.replace(hour=14), MONDAY + timedelta(days=1, hours=8), 18, 2),
        (MONDAY + timedelta(days=4, hours=14), MONDAY + timedelta(days=7, hours=8), 66, 2),
        (MONDAY.replace(hour=16), MONDAY.replace(hour=20), 4, 0),
        # Over a holiday, the Thursday of the week after.
        (MONDAY + timedelta(days=9, hours=14), MONDAY + timedelta(days=11, hours=8), 42, 2),
    ],
)
def test_office_hours_count_only_while_somebody_is_there(
    received: datetime, replied: datetime, wall: float, office: float
) -> None:
    for clock, expected in ((Clock.WALL, wall), (Clock.BUSINESS, office)):
        measure = (clock, Basis.RECEIVED)
        assert hours(measure, published=received, received=received, ended=replied) == expected


def test_what_the_person_waited_began_when_it_was_published() -> None:
    published, received, ended = (MONDAY.replace(hour=hour) for hour in (8, 9, 10))
    assert [
        hours(measure, published=published, received=received, ended=ended) for measure in MEASURES
    ] == [2, 1, 2, 1]


def test_a_reply_before_the_comment_took_no_time_and_not_less() -> None:
    """Clocks of platforms are wrong at times; 1970 and the future have been seen."""
    for published in (MONDAY + timedelta(days=400), datetime(1970, 1, 1, tzinfo=UTC)):
        found = waited(published_at=published, received_at=MONDAY, ended_at=MONDAY, hours=WEEKDAYS)
        assert found[Clock.WALL, Basis.RECEIVED] == 0
        assert 0 <= found[Clock.WALL, Basis.PUBLISHED] <= Decimal(LONGEST.total_seconds())
        assert found[Clock.BUSINESS, Basis.PUBLISHED] <= found[Clock.WALL, Basis.PUBLISHED]


def test_without_office_hours_both_clocks_say_the_same() -> None:
    found = waited(
        published_at=MONDAY, received_at=MONDAY, ended_at=MONDAY + timedelta(days=3), hours=None
    )
    assert set(found.values()) == {Decimal(3 * 86_400)}


def test_a_wait_is_exact_to_the_microsecond() -> None:
    ended = MONDAY + timedelta(microseconds=1_234_567)
    found = waited(published_at=MONDAY, received_at=MONDAY, ended_at=ended, hours=None)
    assert found[Clock.WALL, Basis.RECEIVED] == Decimal("1.234567")


@given(moments, st.timedeltas(timedelta(minutes=1), timedelta(hours=60)))
def test_what_is_answered_when_it_is_due_took_the_whole_target_in_office_hours(
    received: datetime, target: timedelta
) -> None:
    assert counted(received, due_at(received, target, WEEKDAYS), WEEKDAYS) == target


@given(moments, moments, moments)
def test_office_hours_of_two_stretches_are_those_of_both_together(
    one: datetime, two: datetime, three: datetime
) -> None:
    first, second, third = sorted((one, two, three))
    parts = counted(first, second, WEEKDAYS) + counted(second, third, WEEKDAYS)
    assert parts == counted(first, third, WEEKDAYS)
