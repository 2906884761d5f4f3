"""Who still waits after how long, counted with those who still do (Kaplan and Meier, 1958).

A figure over answered comments alone forgets the others: the more are left lying, the better it
looks. Here each comment counts for as long as it is known to have waited: until its reply; until it
was closed without one; or until now. At every step those who got a reply are taken from those who
were known to wait so long.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

CLOSE = 1e-9
"""Shares that differ by less are the same: they are products of many."""


@dataclass(frozen=True, slots=True)
class Point:
    """After so many seconds."""

    seconds: int
    waiting: float
    """The share that has no reply yet."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that still waits, from 1 down. It holds until the next point."""

    points: tuple[Point, ...] = ()
    """Where somebody got a reply, in order."""
    reach: int = 0
    """Seconds: nobody has been seen to wait longer."""

    def waiting(self, seconds: int) -> float | None:
        """The share without a reply after so long; None: nobody has been seen to wait so long."""
        passed = [point.waiting for point in self.points if point.seconds <= seconds]
        share = passed[-1] if passed else 1.0
        return share if seconds <= self.reach or share < CLOSE else None

    def by(self, share: float) -> int | None:
        """Seconds by which this share had a reply; None: it has not come to that."""
        return next(
            (point.seconds for point in self.points if point.waiting <= 1 - share + CLOSE), None
        )


def survival(replied: Mapping[int, int], others: Mapping[int, int]) -> Curve:
    """The curve of those whose waits ended in a reply, and of all others.

    Args:
        replied: how many got a reply within each step.
        others: how many were last known to wait after each step: closed without a reply, or still
            without one. They count up to that step.
    """
    steps = sorted({*replied, *others})
    return Curve(tuple(_points(steps, replied, others)), reach=steps[-1] if steps else 0)


def _points(
    steps: list[int], replied: Mapping[int, int], others: Mapping[int, int]
) -> Iterator[Point]:
    leaving = [replied.get(step, 0) + others.get(step, 0) for step in steps]
    left = accumulate(leaving, initial=0)
    everybody, share = sum(leaving), 1.0
    for step, gone in zip(steps, left, strict=False):
        got = replied.get(step, 0)
        if got:
            share *= 1 - got / (everybody - gone)
            yield Point(step, share)
