"""When a first reply is due: pure arithmetic over calendars and pauses.

All times are aware; what is given back is in UTC. Office hours are wall-clock hours of their zone, so
a day with a change of clocks is as long as its opening hours really last: an hour that the clocks
skip is not counted, and one that they repeat counts twice.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from responder.engagement.workspace import OfficeHours

SEARCHED_DAYS = 3660
"""A calendar that opens less often than this allows is refused when it is configured."""
MIDNIGHT = time.max
"""Written 24:00: the end of the day, which is the beginning of the next one."""
EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time that counts, or does not: from `begins` up to `ends`, in UTC."""

    begins: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        return self.ends - self.begins


def due_at(
    start: datetime,
    target: timedelta,
    hours: OfficeHours | None = None,
    pauses: Sequence[Stretch] = (),
) -> datetime:
    """The moment by which the person should have a public answer.

    Args:
        start: when the clock began to run.
        target: how long an answer may take.
        hours: what counts; None: every hour does.
        pauses: in order and apart from each other; they do not count.

    Raises:
        ValueError: these hours do not open often enough for such a target.
    """
    left = target
    for stretch in counting(start, hours, pauses):
        if stretch.length >= left:
            return stretch.begins + left
        left -= stretch.length
    raise ValueError(f"office hours {hours.name if hours else ''!r} are too short for {target}")


def counting(
    start: datetime, hours: OfficeHours | None = None, pauses: Sequence[Stretch] = ()
) -> Iterator[Stretch]:
    """The stretches from `start` on that count, oldest first: open, and not paused."""
    for opened in _open(start.astimezone(UTC), hours):
        begins = opened.begins
        for pause in pauses:
            if pause.ends <= begins or pause.begins >= opened.ends:
                continue
            if pause.begins > begins:
                yield Stretch(begins, pause.begins)
            begins = pause.ends
        if begins < opened.ends:
            yield Stretch(begins, opened.ends)


def counted(start: datetime, end: datetime, hours: OfficeHours | None = None) -> timedelta:
    """How much of the time between the two counts; nothing where `end` comes first."""
    total = timedelta()
    for stretch in counting(start, hours):
        if stretch.begins >= end:
            break
        total += min(stretch.ends, end) - stretch.begins
    return total


def _open(start: datetime, hours: OfficeHours | None) -> Iterator[Stretch]:
    if hours is None:
        yield Stretch(start, EVER)
        return
    first = start.astimezone(hours.zone).date()
    for offset in range(SEARCHED_DAYS):
        for stretch in hours_of(hours, first + timedelta(days=offset)):
            if stretch.ends > start:
                yield Stretch(max(stretch.begins, start), stretch.ends)


def hours_of(hours: OfficeHours, day: date) -> Iterator[Stretch]:
    """When it is open on that day of its zone; nothing on a holiday."""
    if day in hours.holidays:
        return
    for opens, closes in hours.week.get(day.weekday(), ()):
        begins, ends = _at(hours, day, opens), _end(hours, day, closes)
        if begins < ends:
            yield Stretch(begins, ends)


def _end(hours: OfficeHours, day: date, closes: time) -> datetime:
    """What is open in an hour that comes twice is open until that hour's second end."""
    if closes == MIDNIGHT:
        return _at(hours, day + timedelta(days=1), time())
    last = datetime.combine(day, closes, tzinfo=hours.zone) - timedelta(microseconds=1)
    comes_twice = last.utcoffset() != last.replace(fold=1).utcoffset()
    return _at(hours, day, closes.replace(fold=int(comes_twice)))


def _at(hours: OfficeHours, day: date, at: time) -> datetime:
    """The moment at which the clocks of its zone show this time, or jump over it."""
    shown = datetime.combine(day, at)
    moment = shown.replace(tzinfo=hours.zone).astimezone(UTC)
    return moment if _shows(hours, moment, shown) else _jump(hours, shown)


def _jump(hours: OfficeHours, over: datetime) -> datetime:
    """Of a time that is skipped the one reading lies before the jump, the other behind it."""
    behind, before = (over.replace(tzinfo=hours.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    seconds = range(int((behind - before).total_seconds()) + 1)
    passed = bisect_left(
        seconds,
        True,  # noqa: FBT003 - what is looked for
        key=lambda each: _local(hours, before + timedelta(seconds=each)) >= over,
    )
    return before + timedelta(seconds=passed)


def _shows(hours: OfficeHours, moment: datetime, shown: datetime) -> bool:
    return _local(hours, moment) == shown.replace(fold=0)


def _local(hours: OfficeHours, moment: datetime) -> datetime:
    return moment.astimezone(hours.zone).replace(tzinfo=None, fold=0)
