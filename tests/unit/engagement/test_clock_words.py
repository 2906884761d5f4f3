"""Why something is due when it is, as a person reads it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from responder.engagement.clock import ClockAct, Terms, Tick
from responder.engagement.clock_words import explained, length
from responder.engagement.workspace import OfficeHours, Step

NAMES = {"person:7": "Ada", "triage": "triage", "operator": "the operator"}
SHOP = OfficeHours(
    "shop",
    ZoneInfo("Europe/Berlin"),
    {
        **dict.fromkeys(range(5), ((time(9), time(12)), (time(13), time.max))),
        5: ((time(10), time(14)),),
    },
    frozenset({date(2026, 12, 25)}),
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2026; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def tick(
    act: ClockAct, when: datetime, terms: Terms | None = None, actor: str = "triage", why: str = ""
) -> Tick:
    return Tick(act=act, at=when, actor=actor, reason=why, terms=terms)


def lines(*ticks: Tick) -> list[str]:
    return list(explained(ticks, who=NAMES.__getitem__))


def a_target(hours: float, *, at_shop: bool = True) -> Terms:
    return Terms(policy="fast", target=timedelta(hours=hours), hours=SHOP if at_shop else None)


def test_the_hours_that_count_are_told_with_their_zone_and_their_exceptions() -> None:
    first, *_ = lines(tick(ClockAct.STARTED, at(23, 11), a_target(2)))
    assert first == (
        "It came on Mon 23 Nov 2026, 11:00 (Europe/Berlin). The target “fast” is 2 h, and the hours"
        " “shop” count: Mon-Fri 09:00-12:00 and 13:00-24:00; Sat 10:00-14:00 (Europe/Berlin), but"
        " not on 1 holiday."
    )


def test_each_day_that_counts_is_told_with_what_it_adds() -> None:
    assert lines(tick(ClockAct.STARTED, at(27, 23), a_target(6)))[1:] == [
        "Fri 27 Nov 2026: 23:00-00:00 counts 1 h (1 h of 6 h).",
        "Sat 28 Nov 2026: 10:00-14:00 counts 4 h (5 h of 6 h).",
        "Mon 30 Nov 2026: 09:00-10:00 counts 1 h (6 h of 6 h).",
        "So a public reply is due by Mon 30 Nov 2026, 10:00 (Europe/Berlin).",
    ]


def test_days_are_told_one_by_one_where_the_night_counts() -> None:
    told = lines(
        tick(ClockAct.STARTED, at(23, 11), a_target(30, at_shop=False)),
        tick(ClockAct.PAUSED, at(23, 13)),
        tick(ClockAct.RESUMED, at(23, 14)),
    )
    assert told[3:5] == [
        "Mon 23 Nov 2026: 10:00-12:00, 13:00-00:00 counts 13 h (13 h of 30 h).",
        "Tue 24 Nov 2026: 00:00-17:00 counts 17 h (30 h of 30 h).",
    ]


def test_of_many_days_the_middle_is_left_out() -> None:
    told = lines(tick(ClockAct.STARTED, at(23, 9), a_target(200)))
    assert [line.startswith("…") for line in told].count(True) == 1
    assert len(told) == 9
    assert told[4] == "… 10 more days count …"


def test_without_office_hours_there_is_nothing_to_count() -> None:
    assert lines(tick(ClockAct.STARTED, at(23, 11), a_target(1.5, at_shop=False))) == [
        (
            "It came on Mon 23 Nov 2026, 10:00 (UTC). The target “fast” is 1 h 30 min, and every hour"
            " counts."
        ),
        "So a public reply is due by Mon 23 Nov 2026, 11:30 (UTC).",
    ]


def test_who_stopped_the_clock_is_named_and_why() -> None:
    told = lines(
        tick(ClockAct.STARTED, at(23, 11), a_target(4, at_shop=False)),
        tick(ClockAct.PAUSED, at(23, 12), actor="person:7", why="asked the author for a picture"),
    )
    assert told[1:] == [
        (
            "On Mon 23 Nov 2026, 11:00 (UTC) the clock was stopped, by Ada: asked the author for a"
            " picture."
        ),
        "The clock is stopped since Mon 23 Nov 2026, 11:00 (UTC); until it goes on nothing is due.",
    ]


def test_while_it_stands_only_what_had_counted_before_is_told() -> None:
    told = lines(
        tick(ClockAct.STARTED, at(23, 11), a_target(8)),
        tick(ClockAct.PAUSED, at(23, 14), actor="person:7", why="asked the author"),
    )
    assert told[2:] == [
        "Mon 23 Nov 2026: 11:00-12:00, 13:00-14:00 counts 2 h (2 h of 8 h).",
        (
            "The clock is stopped since Mon 23 Nov 2026, 14:00 (Europe/Berlin); until it goes on nothing"
            " is due."
        ),
    ]


def test_other_terms_are_told_with_who_set_them() -> None:
    told = lines(
        tick(ClockAct.STARTED, at(23, 11), a_target(4, at_shop=False)),
        tick(ClockAct.CHANGED, at(23, 12), a_target(2, at_shop=False), "operator", "a new policy"),
    )
    assert told[1:] == [
        (
            "On Mon 23 Nov 2026, 11:00 (UTC) other terms were set, by the operator: a new policy. The"
            " target “fast” is 2 h, and every hour counts."
        ),
        "So a public reply is due by Mon 23 Nov 2026, 12:00 (UTC).",
    ]


def test_steps_are_told_in_the_order_of_their_times() -> None:
    terms = replace(
        a_target(4, at_shop=False),
        steps=(
            Step(name="leads", offset=timedelta(minutes=30), queue="leads"),
            Step(name="soon", offset=timedelta(hours=-1)),
        ),
    )
    assert lines(tick(ClockAct.STARTED, at(23, 11), terms))[2:] == [
        "While there is none: step “soon” by Mon 23 Nov 2026, 13:00 (UTC).",
        (
            "While there is none: step “leads” by Mon 23 Nov 2026, 14:30 (UTC), and it goes to the"
            " queue “leads”."
        ),
    ]
    ended = explained(
        [tick(ClockAct.STARTED, at(23, 11), terms)], who=NAMES.__getitem__, is_open=False
    )
    assert not any("step" in line for line in ended)


def test_of_an_earlier_period_nothing_is_told() -> None:
    told = lines(
        tick(ClockAct.STARTED, at(23, 11), a_target(4)),
        tick(ClockAct.PAUSED, at(23, 12)),
        tick(ClockAct.RESTARTED, at(25, 11), a_target(1, at_shop=False), "person:7"),
    )
    assert told == [
        (
            "It was open again on Wed 25 Nov 2026, 10:00 (UTC), by Ada. The target “fast” is 1 h, and"
            " every hour counts."
        ),
        "So a public reply is due by Wed 25 Nov 2026, 11:00 (UTC).",
    ]


def test_where_no_target_applies_that_is_said() -> None:
    nothing = "No target applies to it, so no reply is due by any time."
    assert lines() == [nothing]
    changed = tick(ClockAct.CHANGED, at(24, 11), None, "operator")
    assert lines(tick(ClockAct.STARTED, at(23, 11), a_target(4)), changed)[-1] == nothing


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=5, seconds=29), "5 min"),
        (timedelta(hours=3) - timedelta(seconds=1), "3 h"),
        (timedelta(days=2, minutes=1), "48 h 1 min"),
    ],
)
def test_lengths_are_told_to_the_minute(passed: timedelta, said: str) -> None:
    assert length(passed) == said
