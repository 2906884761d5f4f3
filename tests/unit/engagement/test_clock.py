"""What happens to a clock, and that its due time is what anybody would count from its history."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pytest

from responder.engagement.clock import (
    Clock,
    ClockAct,
    ClockRefuses,
    Terms,
    Tick,
    folded,
    read,
    written,
)
from responder.engagement.workspace import OfficeHours, Step

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
NINE_TO_FIVE = OfficeHours(
    "office",
    ZoneInfo("Europe/Berlin"),
    {day: ((time(9), time(17)),) for day in range(5)},
    frozenset({date(2026, 11, 26)}),
)
FOUR_HOURS = Terms(policy="fast", target=timedelta(hours=4))
WORKING_DAY = Terms(policy="working-day", target=timedelta(hours=8), hours=NINE_TO_FIVE)


def tick(act: ClockAct, hours: float, terms: Terms | None = None, reason: str = "") -> Tick:
    """So many hours after Monday, 9:00."""
    return Tick(
        act=act, at=MONDAY + timedelta(hours=hours), actor="rule", reason=reason, terms=terms
    )


STARTED = tick(ClockAct.STARTED, 0, FOUR_HOURS)


def due(*ticks: Tick) -> float | None:
    """In hours after Monday, 9:00."""
    found = folded(ticks).due_at
    return None if found is None else (found - MONDAY) / timedelta(hours=1)


def test_a_clock_runs_from_when_the_comment_came() -> None:
    assert due(STARTED) == 4.0


def test_a_comment_without_a_policy_is_never_due() -> None:
    assert due(tick(ClockAct.STARTED, 0)) is None


def test_what_passed_while_it_stood_does_not_count() -> None:
    paused, resumed = tick(ClockAct.PAUSED, 1), tick(ClockAct.RESUMED, 3)
    assert due(STARTED, paused, resumed) == 6.0


def test_while_it_stands_it_shows_when_it_would_have_been_due() -> None:
    clock = folded([STARTED, tick(ClockAct.PAUSED, 1)])
    assert clock.paused_at == MONDAY + timedelta(hours=1)
    assert clock.due_at == MONDAY + timedelta(hours=4)


def test_other_terms_count_from_the_beginning() -> None:
    tighter = Terms(policy="press", target=timedelta(hours=2))
    assert due(STARTED, tick(ClockAct.CHANGED, 1, tighter)) == 2.0
    assert due(STARTED, tick(ClockAct.CHANGED, 3, tighter)) == 2.0  # and may be over already


def test_other_terms_leave_pauses_as_they_were() -> None:
    acts = tick(ClockAct.PAUSED, 1), tick(ClockAct.RESUMED, 2)
    assert (
        due(STARTED, *acts, tick(ClockAct.CHANGED, 3, Terms(policy="x", target=timedelta(0)))) == 0
    )
    changed = tick(ClockAct.CHANGED, 3, Terms(policy="x", target=timedelta(hours=10)))
    assert due(STARTED, *acts, changed) == 11.0


def test_without_a_policy_any_more_nothing_is_due() -> None:
    assert due(STARTED, tick(ClockAct.CHANGED, 1)) is None


def test_a_restart_begins_a_new_period_with_nothing_of_the_old_one() -> None:
    clock = folded(
        [
            STARTED,
            tick(ClockAct.PAUSED, 1),
            tick(ClockAct.RESUMED, 2),
            tick(ClockAct.PAUSED, 3),
            tick(ClockAct.RESTARTED, 10, FOUR_HOURS),
        ]
    )
    assert clock == Clock(began_at=MONDAY + timedelta(hours=10), terms=FOUR_HOURS)
    assert clock.due_at == MONDAY + timedelta(hours=14)


@pytest.mark.parametrize(
    ("ticks", "why"),
    [
        ([], "nothing has happened"),
        ([tick(ClockAct.PAUSED, 0)], "not been started"),
        ([STARTED, STARTED], "runs already"),
        ([STARTED, tick(ClockAct.RESUMED, 1)], "it runs"),
        ([STARTED, tick(ClockAct.PAUSED, 1), tick(ClockAct.PAUSED, 2)], "stands already"),
        (
            [
                STARTED,
                tick(ClockAct.PAUSED, 1),
                tick(ClockAct.RESUMED, 3),
                tick(ClockAct.PAUSED, 2),
            ],
            "ran again only later",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(ticks: list[Tick], why: str) -> None:
    with pytest.raises(ClockRefuses, match=why):
        folded(ticks)


WARNED = Terms(
    policy="warned",
    target=timedelta(hours=8),
    hours=NINE_TO_FIVE,
    steps=(
        Step(name="early", offset=timedelta(hours=-10)),
        Step(name="soon", offset=timedelta(hours=-1)),
        Step(name="late", offset=timedelta(hours=2), queue="leads"),
    ),
)


def steps(*ticks: Tick) -> dict[str, datetime]:
    return {each.step.name: each.at for each in folded(ticks).steps}


def test_steps_are_counted_in_the_same_hours_as_the_target() -> None:
    """It comes at 13:00 in Berlin, is due on Tuesday at 13:00, and Thursday is a holiday."""
    assert steps(tick(ClockAct.STARTED, 3, WARNED)) == {
        "early": MONDAY + timedelta(hours=3),  # before it came: at once
        "soon": MONDAY + timedelta(days=1, hours=2),
        "late": MONDAY + timedelta(days=1, hours=5),
    }


def test_a_pause_puts_off_the_steps_behind_it() -> None:
    started = tick(ClockAct.STARTED, 3, WARNED)
    paused, resumed = tick(ClockAct.PAUSED, 4), tick(ClockAct.RESUMED, 5)
    assert steps(started, paused) == {}
    assert steps(started, paused, resumed)["soon"] == MONDAY + timedelta(days=1, hours=3)


@pytest.mark.parametrize("terms", [FOUR_HOURS, WORKING_DAY, WARNED])
def test_terms_that_were_stored_are_read_as_they_were(terms: Terms) -> None:
    assert read(written(terms)) == terms


def test_terms_are_told_apart_by_all_that_they_say() -> None:
    other_day = OfficeHours("office", NINE_TO_FIVE.zone, NINE_TO_FIVE.week)
    some = [
        FOUR_HOURS,
        WORKING_DAY,
        Terms(policy="fast", target=timedelta(hours=5)),
        Terms(policy="other", target=timedelta(hours=4)),
        Terms(policy="working-day", target=timedelta(hours=8), hours=other_day),
        WARNED,
    ]
    assert len({terms.version for terms in some}) == len(some)
    assert read(written(WORKING_DAY)).version == WORKING_DAY.version


# --- Random histories, counted by hand -------------------------------------------------------------

QUARTER = timedelta(minutes=15)
FIRST = datetime(2026, 10, 19, tzinfo=UTC)
QUARTERS = 120 * 96
"""Four months from then on, with a change of clocks in Berlin and in New York."""
CALENDARS = (
    None,
    NINE_TO_FIVE,
    OfficeHours("nights", ZoneInfo("Europe/Berlin"), {d: ((time(), time(5)),) for d in range(7)}),
    OfficeHours(
        "shop",
        ZoneInfo("America/New_York"),
        {d: ((time(9), time(12)), (time(14), time(19))) for d in range(6)},
        frozenset({date(2026, 11, 26), date(2026, 12, 25)}),
    ),
    OfficeHours("far", ZoneInfo("Asia/Kathmandu"), {d: ((time(10), time(17)),) for d in (6, 0, 2)}),
)


@cache
def is_open(calendar: int) -> list[bool]:
    """Quarter by quarter, as the clock on the wall and the sign on the door say."""
    hours = CALENDARS[calendar]
    if hours is None:
        return [True] * QUARTERS
    shown = [(FIRST + QUARTER * n).astimezone(hours.zone) for n in range(QUARTERS)]
    return [
        each.date() not in hours.holidays
        and any(
            begins <= each.time().replace(fold=0) < ends
            for begins, ends in hours.week.get(each.weekday(), ())
        )
        for each in shown
    ]


class History:
    """A random one, told twice: as acts, and as what a person with a stop-watch would note."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._now = chance.randrange(0, 20 * 96)
        self.ticks: list[Tick] = []
        self._began = 0
        self._terms: tuple[int, int] | None = None
        self._is_paused = False
        self._standing_from: dict[int, bool] = {}
        self._act(ClockAct.STARTED)
        for _ in range(chance.randrange(0, 12)):
            self._now += chance.randrange(0, 3 * 96)
            self._act(self._next())

    def _next(self) -> ClockAct:
        turn = ClockAct.RESUMED if self._is_paused else ClockAct.PAUSED
        return self._chance.choice([turn, turn, turn, ClockAct.CHANGED, ClockAct.RESTARTED])

    def _act(self, act: ClockAct) -> None:
        terms = None
        if act in {ClockAct.STARTED, ClockAct.RESTARTED, ClockAct.CHANGED}:
            terms = self._new_terms()
        if act in {ClockAct.STARTED, ClockAct.RESTARTED}:
            self._began, self._is_paused, self._standing_from = self._now, False, {}
        elif act is not ClockAct.CHANGED:
            self._is_paused = act is ClockAct.PAUSED
            self._standing_from[self._now] = self._is_paused
        at = FIRST + QUARTER * self._now
        self.ticks.append(Tick(act=act, at=at, actor="rule", reason="", terms=terms))

    def _new_terms(self) -> Terms | None:
        if self._chance.random() < 0.1:
            self._terms = None
            return None
        calendar, quarters = self._chance.randrange(len(CALENDARS)), self._chance.randrange(1, 80)
        self._terms = calendar, quarters
        return Terms(policy="p", target=QUARTER * quarters, hours=CALENDARS[calendar])

    def counted_by_hand(self) -> datetime | None:
        """When it is due, if a pause that still lasts is left out."""
        if self._terms is None:
            return None
        calendar, left = self._terms
        opened = is_open(calendar)
        last_pause = max(self._standing_from, default=0) if self._is_paused else None
        stands = False
        for quarter in range(self._began, QUARTERS):
            if quarter in self._standing_from:
                stands = self._standing_from[quarter] and quarter != last_pause
            left -= opened[quarter] and not stands
            if left == 0:
                return FIRST + QUARTER * (quarter + 1)
        raise AssertionError("longer than the calendar")


@pytest.mark.parametrize("block", range(10))
def test_the_due_time_of_a_random_history_is_what_one_counts_by_hand(block: int) -> None:
    """Ten thousand histories, of up to twelve acts each."""
    for seed in range(block * 1_000, (block + 1) * 1_000):
        history = History(Random(seed))  # noqa: S311 - the same in each run, no secret
        assert folded(history.ticks).due_at == history.counted_by_hand(), f"seed {seed}"
