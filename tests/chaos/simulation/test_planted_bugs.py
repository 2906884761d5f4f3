"""The simulation finds each planted bug: so that it finds none in the real code means something."""

import pytest

from tests.chaos.simulation.drama import simulate_all
from tests.chaos.simulation.planted import PLANTED
from tests.chaos.simulation.roles import Plug

SEEDS = range(40)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.__name__)
def test_a_planted_bug_is_found_within_forty_seeds(planted: type[Plug]) -> None:
    found = next((e for e in simulate_all(SEEDS, plug=planted) if e.findings), None)
    assert found is not None, planted.__doc__
    shown = {finding.partition(":")[0] for finding in found.findings}
    assert shown & planted.shows, found.findings


def test_every_invariant_is_broken_by_a_planted_bug() -> None:
    shown = set[str]().union(*(planted.shows for planted in PLANTED))
    assert shown >= {"I1", "I2", "I3", "I4", "I5", "I6", "I8"}
