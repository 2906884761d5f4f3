"""The simulation finds each planted bug: so that it finds none in the real code means something."""

import pytest

from tests.chaos.simulation.drama import Ended, simulate_all
from tests.chaos.simulation.planted import PLANTED
from tests.chaos.simulation.roles import Plug

SEEDS = range(40)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.__name__)
def test_a_planted_bug_is_found_within_forty_seeds(planted: type[Plug]) -> None:
    """By what it breaks, not by whatever else comes of it."""
    runs = simulate_all(SEEDS, plug=planted)
    assert any(_shown(ended) & planted.shows for ended in runs), planted.__doc__


def test_every_invariant_is_broken_by_a_planted_bug() -> None:
    shown = set[str]().union(*(planted.shows for planted in PLANTED))
    assert shown >= {"I1", "I2", "I3", "I4", "I5", "I6", "I8"}


def _shown(ended: Ended) -> set[str]:
    return {finding.partition(":")[0] for finding in ended.findings}
