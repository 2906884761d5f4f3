"""The steps in which waits are kept: fine enough for any figure, few enough to add up at once.

A wait that ended with a reply counts as the smallest step that holds it: *within 2 h* is never
flattering. A wait that ended otherwise, or goes on, counts as the largest step that it outlasted: so
much is certain. Every bucket of the metrics and every age that a page names is a step.
"""

from bisect import bisect_left, bisect_right
from datetime import timedelta
from itertools import chain

_RANGES = (
    *((0, 60, 1), (60, 120, 2), (120, 300, 5), (300, 900, 15), (900, 1_800, 30)),
    *((1_800, 3_600, 60), (3_600, 7_200, 120), (7_200, 14_400, 300), (14_400, 43_200, 600)),
    *((43_200, 86_400, 1_800), (86_400, 259_200, 3_600), (259_200, 604_800, 10_800)),
    *((604_800, 1_209_600, 21_600), (1_209_600, 2_592_000, 43_200)),
    *((2_592_000, 5_184_000, 86_400), (5_184_000, 31_622_400, 259_200)),
)
"""From, up to, and by how many seconds: beyond a minute no step is coarser than 5 % of a wait."""

LONGEST = timedelta(days=366)
"""What lasts longer counts as so long."""
STEPS = (
    *chain.from_iterable(range(first, last, by) for first, last, by in _RANGES),
    int(LONGEST.total_seconds()),
)
"""Seconds, ascending, from 0."""


def within(seconds: float) -> int:
    """The smallest step in which a wait of at most `LONGEST` fits."""
    return STEPS[bisect_left(STEPS, seconds)]


def outlasted(seconds: float) -> int:
    """The largest step that so long a wait reaches."""
    return STEPS[bisect_right(STEPS, seconds) - 1]
