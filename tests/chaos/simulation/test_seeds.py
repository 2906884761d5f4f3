"""The real stages on simulated time, while everything goes wrong that a seed can think of."""

from collections.abc import Sequence

import pytest

from tests.chaos.simulation.drama import said, simulate_all

pytestmark = [pytest.mark.fault(40), pytest.mark.promise(1, 2, 3, 7, 8)]


def test_nothing_is_lost_doubled_or_unapproved_whatever_goes_wrong(seeds: Sequence[int]) -> None:
    broken = [ended for ended in simulate_all(seeds) if ended.findings]
    assert not broken, said(broken)
