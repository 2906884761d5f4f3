"""Due times: office hours in their own zone, through holidays, pauses and changes of clocks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.engagement.sla import Stretch, counting, due_at
from responder.engagement.workspace import OfficeHours

WEEKDAYS = range(5)
EVERY_DAY = range(7)
Opened = tuple[tuple[time, time], ...]


def opened(*written: str) -> Opened:
    """`09:00-17:00`; 24:00 is midnight."""
    return tuple((_time(each[:5]), _time(each[6:])) for each in written)


def _time(written: str) -> time:
    return time.max if written == "24:00" else time.fromisoformat(written)


def office(
    zone: str, *hours: str, days: Sequence[int] = WEEKDAYS, holidays: Sequence[str] = ()
) -> OfficeHours:
    week: Mapping[int, Opened] = dict.fromkeys(days, opened(*hours))
    return OfficeHours("office", ZoneInfo(zone), week, frozenset(map(date.fromisoformat, holidays)))


def at(zone: str, local: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold)


def within(written: str) -> timedelta:
    hours, _, minutes = written.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes or 0))


def counted(start: datetime, end: datetime, hours: OfficeHours | None = None) -> timedelta:
    """How much of the time between the two counts."""
    total = timedelta()
    for stretch in counting(start, hours):
        if stretch.begins >= end:
            break
        total += min(stretch.ends, end.astimezone(UTC)) - stretch.begins
    return total


BERLIN = office("Europe/Berlin", "09:00-17:00", holidays=["2026-12-25", "2027-01-01"])
LUNCH = office("Europe/Berlin", "09:00-12:00", "13:00-18:00")
ALWAYS = office("Europe/Berlin", "00:00-24:00", days=EVERY_DAY)
NIGHT = office("Europe/Berlin", "00:00-04:00", days=EVERY_DAY)
SATURDAY = office("Europe/Berlin", "10:00-14:00", days=[5])
NEW_YORK = office("America/New_York", "09:00-17:00", holidays=["2026-11-26"])
KOLKATA = office("Asia/Kolkata", "10:00-18:30", days=range(6))
KATHMANDU = office("Asia/Kathmandu", "10:00-17:00", days=[6, 0, 1, 2, 3, 4])
SYDNEY = office("Australia/Sydney", "09:00-17:00")
LORD_HOWE = office("Australia/Lord_Howe", "00:00-24:00", days=EVERY_DAY)
APIA = office("Pacific/Apia", "09:00-17:00")
SAO_PAULO = office("America/Sao_Paulo", "00:00-24:00", days=EVERY_DAY)
CHATHAM = office("Pacific/Chatham", "09:00-17:00")
DUBAI = office("Asia/Dubai", "08:00-16:00")
UTC_HOURS = office("UTC", "09:00-17:00")

CASES = [
    # One working day is eight hours of the office.
    (BERLIN, "2026-11-23T09:00", "8", "2026-11-23T17:00"),  # Monday at the opening: by the close
    (BERLIN, "2026-11-23T10:30", "8", "2026-11-24T10:30"),
    (BERLIN, "2026-11-23T03:00", "8", "2026-11-23T17:00"),  # before it opens
    (BERLIN, "2026-11-23T17:00", "8", "2026-11-24T17:00"),  # at the minute it closes
    (BERLIN, "2026-11-23T16:59", "8", "2026-11-24T16:59"),
    (BERLIN, "2026-11-23T18:00", "8", "2026-11-24T17:00"),  # after it closed
    (BERLIN, "2026-11-27T16:00", "8", "2026-11-30T16:00"),  # Friday afternoon: Monday
    (BERLIN, "2026-11-28T12:00", "8", "2026-11-30T17:00"),  # Saturday
    (BERLIN, "2026-11-29T23:59", "8", "2026-11-30T17:00"),  # Sunday night
    (BERLIN, "2026-11-23T09:00", "0:30", "2026-11-23T09:30"),
    (BERLIN, "2026-11-23T16:45", "0:30", "2026-11-24T09:15"),
    (BERLIN, "2026-11-27T16:45", "0:30", "2026-11-30T09:15"),
    (BERLIN, "2026-11-23T09:00", "40", "2026-11-27T17:00"),  # a week
    (BERLIN, "2026-11-23T09:00", "80", "2026-12-04T17:00"),
    (BERLIN, "2026-11-23T12:00", "16", "2026-11-25T12:00"),
    # Holidays are closed; what stands on one begins with the next open day.
    (BERLIN, "2026-12-24T13:00", "8", "2026-12-28T13:00"),  # Christmas on a Friday
    (BERLIN, "2026-12-25T10:00", "8", "2026-12-28T17:00"),
    (BERLIN, "2026-12-31T16:00", "8", "2027-01-04T16:00"),  # New Year on a Friday
    (BERLIN, "2026-12-31T16:00", "1", "2026-12-31T17:00"),
    (BERLIN, "2026-12-24T16:30", "1", "2026-12-28T09:30"),
    (NEW_YORK, "2026-11-25T16:00", "2", "2026-11-27T10:00"),  # Thanksgiving between
    (NEW_YORK, "2026-11-26T12:00", "1", "2026-11-27T10:00"),
    # Several intervals a day.
    (LUNCH, "2026-11-23T11:30", "1", "2026-11-23T13:30"),
    (LUNCH, "2026-11-23T12:30", "1", "2026-11-23T14:00"),
    (LUNCH, "2026-11-23T12:00", "5", "2026-11-23T18:00"),
    (LUNCH, "2026-11-23T17:30", "1", "2026-11-24T09:30"),
    (LUNCH, "2026-11-23T09:00", "3", "2026-11-23T12:00"),  # due as the interval ends, not after it
    (LUNCH, "2026-11-23T09:00", "3:01", "2026-11-23T13:01"),
    # Few days a week.
    (SATURDAY, "2026-11-23T09:00", "4", "2026-11-28T14:00"),
    (SATURDAY, "2026-11-28T13:00", "4", "2026-12-05T13:00"),
    (SATURDAY, "2026-11-28T14:00", "12", "2026-12-19T14:00"),
    # The clocks go forward between Saturday and Monday, or back: an office hour stays an hour.
    (BERLIN, "2026-03-27T13:00", "8", "2026-03-30T13:00"),
    (BERLIN, "2026-10-23T13:00", "8", "2026-10-26T13:00"),
    (NEW_YORK, "2026-03-06T13:00", "8", "2026-03-09T13:00"),
    (NEW_YORK, "2026-10-30T13:00", "8", "2026-11-02T13:00"),
    (SYDNEY, "2026-04-03T13:00", "8", "2026-04-06T13:00"),  # autumn in the south
    (SYDNEY, "2026-10-02T13:00", "8", "2026-10-05T13:00"),
    (CHATHAM, "2026-04-03T13:00", "8", "2026-04-06T13:00"),
    # Open through the change: the day has 23 hours, or 25.
    (ALWAYS, "2026-03-28T12:00", "24", "2026-03-29T13:00"),
    (ALWAYS, "2026-10-24T12:00", "24", "2026-10-25T11:00"),
    (ALWAYS, "2026-11-23T00:00", "24", "2026-11-24T00:00"),
    (ALWAYS, "2026-11-23T23:30", "1", "2026-11-24T00:30"),  # nothing is lost at midnight
    (ALWAYS, "2026-11-23T12:00", "720", "2026-12-23T12:00"),
    (NIGHT, "2026-03-29T00:00", "3", "2026-03-29T04:00"),  # from two to three there is nothing
    (NIGHT, "2026-03-29T00:00", "4", "2026-03-30T01:00"),
    (NIGHT, "2026-10-25T00:00", "5", "2026-10-25T04:00"),  # from two to three there is twice
    (NIGHT, "2026-10-24T00:00", "5", "2026-10-25T01:00"),
    (NIGHT, "2026-03-28T22:00", "3:30", "2026-03-30T00:30"),
    (SAO_PAULO, "2018-11-03T12:00", "24", "2018-11-04T13:00"),  # midnight itself was skipped there
    (SAO_PAULO, "2018-02-17T12:00", "24", "2018-02-18T11:00"),
    (LORD_HOWE, "2026-10-03T12:00", "24", "2026-10-04T12:30"),  # half an hour forward
    (LORD_HOWE, "2026-04-04T12:00", "24", "2026-04-05T11:30"),
    # Zones with odd offsets, and none that changes.
    (KOLKATA, "2026-11-23T10:00", "8:30", "2026-11-23T18:30"),
    (KOLKATA, "2026-11-28T18:00", "1", "2026-11-30T10:30"),  # open on Saturday, closed on Sunday
    (KATHMANDU, "2026-11-27T16:00", "2", "2026-11-29T11:00"),  # closed on Saturday
    (DUBAI, "2026-11-27T15:00", "2", "2026-11-30T09:00"),
    (UTC_HOURS, "2026-03-27T13:00", "8", "2026-03-30T13:00"),
    # A day that a zone left out when it crossed the date line: Friday, 30 December 2011.
    (APIA, "2011-12-29T16:00", "2", "2012-01-02T10:00"),
    (APIA, "2011-12-28T09:00", "16", "2011-12-29T17:00"),
    (APIA, "2011-12-28T09:00", "16:01", "2012-01-02T09:01"),
    # Leap days.
    (BERLIN, "2028-02-28T16:00", "2", "2028-02-29T10:00"),
    (BERLIN, "2028-02-29T16:00", "2", "2028-03-01T10:00"),
    (BERLIN, "2027-02-26T16:00", "2", "2027-03-01T10:00"),
]


@pytest.mark.parametrize(
    ("hours", "received", "target", "due"),
    CASES,
    ids=[f"{hours.zone.key} {received} {target}h" for hours, received, target, _ in CASES],
)
def test_a_target_is_counted_in_office_hours(
    hours: OfficeHours, received: str, target: str, due: str
) -> None:
    zone = hours.zone.key
    assert due_at(at(zone, received), within(target), hours) == at(zone, due).astimezone(UTC)


SECOND = 1


@pytest.mark.parametrize(
    ("received", "fold", "target", "due", "due_fold"),
    [
        ("2026-10-25T02:30", 0, "1", "2026-10-25T02:30", SECOND),  # the first half past two
        ("2026-10-25T02:30", SECOND, "1", "2026-10-25T03:30", 0),
        ("2026-10-25T01:30", 0, "1", "2026-10-25T02:30", 0),
        ("2026-10-25T01:30", 0, "2", "2026-10-25T02:30", SECOND),
    ],
)
def test_a_time_that_comes_twice_is_told_apart(
    received: str, fold: int, target: str, due: str, due_fold: int
) -> None:
    zone = "Europe/Berlin"
    found = due_at(at(zone, received, fold=fold), within(target), ALWAYS)
    assert found == at(zone, due, fold=due_fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("02:30-05:00", "2"),  # opens in the hour that is skipped: as the clocks jump
        ("00:00-02:30", "2"),  # closes in it
        ("02:10-02:50", "0"),  # lies in it
        ("02:00-03:00", "0"),
        ("00:00-24:00", "23"),
    ],
)
def test_what_lies_in_a_skipped_hour_is_as_long_as_what_is_left_of_it(
    written: str, length: str
) -> None:
    hours = office("Europe/Berlin", written, days=EVERY_DAY)
    day = at("Europe/Berlin", "2026-03-29T00:00"), at("Europe/Berlin", "2026-03-30T00:00")
    assert counted(*day, hours) == within(length)


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("00:00-02:00", "2"),  # closes as the hour comes the first time
        ("02:00-03:00", "2"),
        ("03:00-05:00", "2"),
        ("02:30-05:00", "3:30"),
        ("00:00-24:00", "25"),
    ],
)
def test_what_lies_in_an_hour_that_comes_twice_counts_twice(written: str, length: str) -> None:
    hours = office("Europe/Berlin", written, days=EVERY_DAY)
    day = at("Europe/Berlin", "2026-10-25T00:00"), at("Europe/Berlin", "2026-10-26T00:00")
    assert counted(*day, hours) == within(length)


@pytest.mark.parametrize(
    ("received", "target", "due"),
    [
        ("2026-11-28T22:00", "4", "2026-11-29T02:00"),
        ("2026-03-28T22:00", "8", "2026-03-29T07:00"),  # eight hours, whatever the clocks show
        ("2026-10-24T22:00", "8", "2026-10-25T05:00"),
        ("2026-12-31T23:30", "1", "2027-01-01T00:30"),
    ],
)
def test_without_office_hours_every_hour_counts(received: str, target: str, due: str) -> None:
    zone = "Europe/Berlin"
    assert due_at(at(zone, received), within(target)) == at(zone, due).astimezone(UTC)


def a_pause(begins: str, ends: str) -> Stretch:
    zone = "Europe/Berlin"
    return Stretch(at(zone, begins).astimezone(UTC), at(zone, ends).astimezone(UTC))


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([], "2026-11-23T17:00"),
        ([a_pause("2026-11-23T10:00", "2026-11-23T11:00")], "2026-11-24T10:00"),
        ([a_pause("2026-11-23T10:00", "2026-11-25T10:00")], "2026-11-25T17:00"),
        ([a_pause("2026-11-23T18:00", "2026-11-24T08:00")], "2026-11-23T17:00"),  # after it was due
        ([a_pause("2026-11-22T10:00", "2026-11-22T12:00")], "2026-11-23T17:00"),  # before it came
        ([a_pause("2026-11-22T10:00", "2026-11-23T10:00")], "2026-11-24T10:00"),  # over its coming
        ([a_pause("2026-11-23T16:00", "2026-11-24T10:00")], "2026-11-24T11:00"),  # over the night
        (
            [
                a_pause("2026-11-23T10:00", "2026-11-23T11:00"),
                a_pause("2026-11-23T11:00", "2026-11-23T11:30"),
                a_pause("2026-11-24T09:00", "2026-11-24T10:00"),
            ],
            "2026-11-24T11:30",
        ),
    ],
)
def test_a_pause_does_not_count(pauses: Sequence[Stretch], due: str) -> None:
    zone = "Europe/Berlin"
    found = due_at(at(zone, "2026-11-23T09:00"), within("8"), BERLIN, pauses)
    assert found == at(zone, due).astimezone(UTC)


def test_a_calendar_that_never_opens_long_enough_is_named() -> None:
    shut = OfficeHours("shut", ZoneInfo("Europe/Berlin"), {})
    with pytest.raises(ValueError, match="shut"):
        due_at(at("Europe/Berlin", "2026-11-23T09:00"), within("1"), shut)


MINUTE = timedelta(minutes=1)
ZONES = (
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "UTC"),
)


@st.composite
def calendars(draw: st.DrawFn) -> OfficeHours:
    """With intervals of whole hours; also empty days, and some that touch midnight."""
    week = {}
    for day in EVERY_DAY:
        bounds = sorted(draw(st.sets(st.integers(0, 24), max_size=4)))
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        if some := [f"{a:02}:00-{b:02}:00" for a, b in pairs]:
            week[day] = opened(*some)
    holidays = draw(st.sets(st.dates(date(2018, 1, 1), date(2026, 12, 31)), max_size=5))
    return OfficeHours("drawn", ZoneInfo(draw(st.sampled_from(ZONES))), week, frozenset(holidays))


DAYS = st.sampled_from(
    [
        *(date(2026, 3, 28), date(2026, 10, 24), date(2026, 11, 23), date(2018, 11, 3)),
        *(date(2011, 12, 29), date(2026, 4, 4), date(2026, 10, 3), date(2026, 12, 24)),
    ]
)


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Near a day on which something happens somewhere, to the minute."""
    midnight = datetime.combine(draw(DAYS), time(), tzinfo=UTC)
    return midnight + MINUTE * draw(st.integers(-1440, 2 * 1440))


def is_open(hours: OfficeHours, moment: datetime) -> bool:
    """As somebody would tell who looks at the clock on the wall and at the door's sign."""
    local = moment.astimezone(hours.zone)
    if local.date() in hours.holidays:
        return False
    shown = local.time().replace(fold=0)
    return any(begins <= shown < ends for begins, ends in hours.week.get(local.weekday(), ()))


@settings(max_examples=150, deadline=None)
@given(hours=calendars(), start=moments(), minutes=st.integers(0, 4 * 1440))
def test_what_counts_is_what_a_clock_on_the_wall_shows_as_open(
    hours: OfficeHours, start: datetime, minutes: int
) -> None:
    """Minute by minute. Intervals are of whole hours, so none begins inside one that comes twice."""
    looked = sum(is_open(hours, start + MINUTE * n) for n in range(minutes))
    assert counted(start, start + MINUTE * minutes, hours) == MINUTE * looked


@given(hours=calendars(), start=moments(), minutes=st.integers(1, 60 * 40))
def test_exactly_the_target_counts_until_it_is_due(
    hours: OfficeHours, start: datetime, minutes: int
) -> None:
    target = MINUTE * minutes
    try:
        due = due_at(start, target, hours)
    except ValueError:
        assert next(counting(start, hours), None) is None
        return
    assert counted(start, due, hours) == target
    assert counted(start, due - MINUTE / 2, hours) < target


@given(hours=calendars(), start=moments(), minutes=st.integers(1, 600), later=st.integers(0, 2880))
def test_what_comes_later_is_never_due_earlier(
    hours: OfficeHours, start: datetime, minutes: int, later: int
) -> None:
    try:
        first = due_at(start, MINUTE * minutes, hours)
    except ValueError:
        return
    assert due_at(start + MINUTE * later, MINUTE * minutes, hours) >= first
