"""All figures one below the other, for whoever calculates with them elsewhere."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from responder.insights.response_times import Kept, ResponseTimes

Cell: TypeAlias = str | int | float | None
HEAD = ("figure", "target", "tier", "clock", "basis", "age", "value")
COUNTS = ("came", "replied", "closed", "waiting")


def rows_of(times: ResponseTimes) -> Iterator[Sequence[Cell]]:
    """`HEAD`, then a row a figure; seconds, shares from 0 to 1, or how many. Empty: not known."""
    yield HEAD
    yield _row("as_of", times.at.isoformat())
    yield _row("first_day", times.days.first.isoformat())
    yield _row("last_day", times.days.last.isoformat())
    for name in COUNTS:
        yield _row(name, getattr(times, name))
    yield from _waits(times)
    for prefix, some in (("due", times.due), ("due_again", times.due_again)):
        for each in some:
            yield from _kept(prefix, each)
    for name, objective in sorted(times.objectives.items()):
        yield _row("objective", objective, target=name)
    yield from _open(times)


def _waits(times: ResponseTimes) -> Iterator[Sequence[Cell]]:
    for (clock, basis), wait in times.waits.items():
        by = {"clock": clock.value, "basis": basis.value}
        yield _row("median_seconds", wait.median, **by)
        yield _row("p90_seconds", wait.p90, **by)
        for age, share in wait.unanswered().items():
            yield _row("unanswered_ratio", share, **by, age=age)
        for point in wait.curve.points:
            yield _row("still_waiting_ratio", point.waiting, **by, age=f"{point.seconds}s")


def _kept(prefix: str, kept: Kept) -> Iterator[Sequence[Cell]]:
    for name in ("met", "missed", "excused"):
        yield _row(f"{prefix}_{name}", getattr(kept, name), target=kept.sla, tier=kept.tier)


def _open(times: ResponseTimes) -> Iterator[Sequence[Cell]]:
    now = times.open
    yield _row("open", now.items)
    yield _row("open_overdue", now.overdue)
    yield _row("open_at_risk", now.at_risk)
    for basis, oldest in (("published", now.oldest_published), ("received", now.oldest_received)):
        age = None if oldest is None else max(0.0, (times.at - oldest.since).total_seconds())
        yield _row("oldest_open_seconds", age, clock="wall", basis=basis)


def _row(
    figure: str,
    value: Cell,
    *,
    target: str = "",
    tier: str = "",
    clock: str = "",
    basis: str = "",
    age: str = "",
) -> Sequence[Cell]:
    return (figure, target, tier, clock, basis, age, value)
