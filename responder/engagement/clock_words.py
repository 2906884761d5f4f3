"""Why something is due when it is, in words: what started its clock, what changed it, what counted.

Every line can be checked with a calendar in the hand. Times are shown in the zone of the office
hours, else in UTC.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import groupby

from responder.engagement.clock import Clock, ClockAct, Terms, Tick, folded
from responder.engagement.sla import MIDNIGHT, Stretch, counting
from responder.engagement.workspace import OfficeHours, Step

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
MOST_DAYS = 7
"""Of more days that count, only the first and the last few are told one by one."""
SHOWN_DAYS = 3
NOT_DUE = ("No target applies to it, so no reply is due by any time.",)


def explained(
    ticks: Sequence[Tick], *, who: Callable[[str], str], is_open: bool = True
) -> tuple[str, ...]:
    """The lines, in order: what happened, what counted, when it is due, and its steps.

    Args:
        ticks: what happened to the clock, the oldest first; none: it never had one.
        who: the name of an actor, for people.
        is_open: what has ended takes no step any more.
    """
    if not ticks:
        return NOT_DUE
    clock = folded(ticks)
    zone = _zone(clock.terms)
    return (
        *(_act(tick, zone, who) for tick in _of_period(ticks)),
        *_counted(clock, zone),
        *_due(clock, zone),
        *(_steps(clock, zone) if is_open else ()),
    )


def _of_period(ticks: Sequence[Tick]) -> Sequence[Tick]:
    """Of earlier periods nothing counts any more."""
    starts = [n for n, tick in enumerate(ticks) if tick.act in _BEGINS]
    return ticks[starts[-1] :]


_BEGINS = {ClockAct.STARTED, ClockAct.RESTARTED}


def _act(tick: Tick, zone: tzinfo, who: Callable[[str], str]) -> str:
    at = moment(tick.at, zone)
    because = f": {tick.reason}" if tick.reason else ""
    match tick.act:
        case ClockAct.STARTED:
            return f"It came on {at}. {_said(tick.terms)}{because}"
        case ClockAct.RESTARTED:
            return f"It was open again on {at}, by {who(tick.actor)}. {_said(tick.terms)}{because}"
        case ClockAct.CHANGED:
            return (
                f"On {at} other terms were set, by {who(tick.actor)}{because}. {_said(tick.terms)}"
            )
        case ClockAct.PAUSED:
            return f"On {at} the clock was stopped, by {who(tick.actor)}{because}."
        case ClockAct.RESUMED:
            return f"On {at} it went on, by {who(tick.actor)}{because}."


def _said(terms: Terms | None) -> str:
    if terms is None:
        return "No target applies."
    counted = "every hour counts" if terms.hours is None else _hours(terms.hours)
    return f"The target “{terms.policy}” is {length(terms.target)}, and {counted}."


def _hours(hours: OfficeHours) -> str:
    days = [
        f"{_run([day for day, _ in some])} {_intervals(opened)}"
        for opened, some in groupby(sorted(hours.week.items()), key=lambda each: each[1])
    ]
    number = len(hours.holidays)
    closed = f", but not on {number} holiday{'s' * (number > 1)}" if number else ""
    return f"the hours “{hours.name}” count: {'; '.join(days)} ({hours.zone.key}){closed}"


def _run(days: Sequence[int]) -> str:
    """`Mon-Fri`, or one by one where there are gaps."""
    if len(days) > 1 and days[-1] - days[0] == len(days) - 1:
        return f"{WEEKDAYS[days[0]]}-{WEEKDAYS[days[-1]]}"
    return ", ".join(WEEKDAYS[day] for day in days)


def _intervals(opened: Sequence[tuple[time, time]]) -> str:
    return " and ".join(f"{a:%H:%M}-{_closing(b)}" for a, b in opened)


def _closing(at: time) -> str:
    return "24:00" if at == MIDNIGHT else f"{at:%H:%M}"


def _counted(clock: Clock, zone: tzinfo) -> Iterator[str]:
    """Day by day what counts until it is due, or has until it was stopped."""
    if clock.terms is None or (clock.terms.hours is None and not clock.pauses):
        return
    days = _days(clock, zone)
    total, target = timedelta(), length(clock.terms.target)
    for number, (day, some) in enumerate(days):
        passed = sum((each.length for each in some), timedelta())
        total += passed
        left_out = len(days) > MOST_DAYS and SHOWN_DAYS <= number < len(days) - SHOWN_DAYS
        if left_out and number == SHOWN_DAYS:
            yield f"… {len(days) - 2 * SHOWN_DAYS} more days count …"
        if not left_out:
            clocks = ", ".join(f"{_hour(e.begins, zone)}-{_hour(e.ends, zone)}" for e in some)
            yield f"{day}: {clocks} counts {length(passed)} ({length(total)} of {target})."


def _days(clock: Clock, zone: tzinfo) -> list[tuple[str, list[Stretch]]]:
    due = clock.due_at
    if due is None or clock.terms is None:
        return []
    until = due if clock.paused_at is None else min(due, clock.paused_at)
    some: list[Stretch] = []
    for stretch in counting(clock.began_at, clock.terms.hours, clock.pauses):
        if stretch.begins >= until:
            break
        some += _by_midnight(Stretch(stretch.begins, min(stretch.ends, until)), zone)
    by_day = groupby(some, key=lambda each: _day(each.begins, zone))
    return [(day, list(stretches)) for day, stretches in by_day]


def _by_midnight(stretch: Stretch, zone: tzinfo) -> Iterator[Stretch]:
    """Cut where a day of the zone ends."""
    begins = stretch.begins
    while begins < stretch.ends:
        next_day = begins.astimezone(zone).date() + timedelta(days=1)
        midnight = datetime.combine(next_day, time(), tzinfo=zone).astimezone(UTC)
        yield Stretch(begins, min(midnight, stretch.ends))
        begins = midnight


def _due(clock: Clock, zone: tzinfo) -> Iterator[str]:
    if clock.due_at is None:
        yield NOT_DUE[0]
    elif clock.paused_at is not None:
        yield f"The clock is stopped since {moment(clock.paused_at, zone)}; until it goes on nothing is due."
    else:
        yield f"So a public reply is due by {moment(clock.due_at, zone)}."


def _steps(clock: Clock, zone: tzinfo) -> Iterator[str]:
    for each in sorted(clock.steps, key=lambda planned: planned.at):
        does = "".join(f", and {what}" for what in _does(each.step))
        yield f"While there is none: step “{each.step.name}” by {moment(each.at, zone)}{does}."


def _does(step: Step) -> Iterator[str]:
    if step.queue:
        yield f"it goes to the queue “{step.queue}”"
    if step.person:
        yield f"it is put before {step.person}"
    if step.webhook:
        yield f"the webhook “{step.webhook}” is told"


def _zone(terms: Terms | None) -> tzinfo:
    return UTC if terms is None or terms.hours is None else terms.hours.zone


def moment(at: datetime, zone: tzinfo) -> str:
    """`Fri 27 Nov 2026, 16:00 (Europe/Berlin)`."""
    return f"{_day(at, zone)}, {_hour(at, zone)} ({getattr(zone, 'key', 'UTC')})"


def _day(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"


def _hour(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def length(passed: timedelta) -> str:
    """`8 h`, `1 h 30 min`: to the minute, as the times beside it; `45 s` below one."""
    if passed < timedelta(minutes=1):
        return f"{round(passed.total_seconds())} s"
    hours, minutes = divmod(round(passed / timedelta(minutes=1)), 60)
    parts = [(hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
