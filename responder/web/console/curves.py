"""A curve of who still waits, as a drawing that needs no script. Pure: values to coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

from responder.insights.response_times import Wait
from responder.insights.survival import Curve
from responder.insights.waits import Basis, Clock, Measure
from responder.web.console import lengths

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 12, 10, 34
"""Room beside the lines, for what is written there."""
NEAREST = 60
"""Seconds; what was quicker stands at the left edge: time is drawn by its magnitude."""
FARTHEST = 604_800
"""The axis goes on behind it where somebody waited longer."""
MARKS = (60, 300, 1_800, 7_200, 28_800, 86_400, 259_200, 604_800, 2_592_000, 31_622_400)
MINOR = frozenset({300, 7_200, 259_200})
"""Left out where the screen is narrow."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
TOLD = (60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200, 604_800)
"""Seconds after which the table beneath says how many had a reply."""
DRAWN: tuple[Measure, ...] = (
    (Clock.WALL, Basis.PUBLISHED),
    (Clock.BUSINESS, Basis.RECEIVED),
)
"""What the person waited, and what we took of our time; four lines would hide each other."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on an axis."""

    at: float
    words: str
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    measure: Measure
    path: str
    """As `d` of an SVG path: level until somebody gets a reply, then down."""


@dataclass(frozen=True, slots=True)
class Chart:
    lines: tuple[Line, ...]
    times: tuple[Mark, ...]
    shares: tuple[Mark, ...]
    told: tuple[tuple[int, Mapping[Measure, float | None]], ...]
    """Of some ages: the share that had a reply by then; None: nobody was seen to wait so long."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def chart(waits: Mapping[Measure, Wait]) -> Chart:
    reach = max(FARTHEST, *(waits[measure].curve.reach for measure in DRAWN))
    return Chart(
        lines=tuple(Line(each, _path(waits[each].curve, reach)) for each in DRAWN),
        times=tuple(
            Mark(_x(mark, reach), lengths.length(mark), mark in MINOR)
            for mark in MARKS
            if mark <= reach
        ),
        shares=tuple(Mark(_y(share), lengths.share(share)) for share in SHARES),
        told=tuple(
            (age, {measure: _replied(wait.curve, age) for measure, wait in waits.items()})
            for age in TOLD
        ),
    )


def _replied(curve: Curve, age: int) -> float | None:
    waiting = curve.waiting(age)
    return None if waiting is None else 1 - waiting


def _path(curve: Curve, reach: int) -> str:
    falls = (f"H{_x(point.seconds, reach):.1f}V{_y(point.waiting):.1f}" for point in curve.points)
    return f"M{LEFT} {_y(1.0):.1f}{''.join(falls)}H{_x(curve.reach, reach):.1f}"


def _x(seconds: int, reach: int) -> float:
    share = log(max(seconds, NEAREST) / NEAREST) / log(reach / NEAREST)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)
