"""Waits are kept in steps: up where there was a reply, down where there was none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.insights.response_times import AGES
from responder.insights.steps import LONGEST, STEPS, outlasted, within
from responder.telemetry.catalogue import RESPONSE_BUCKETS

A_MINUTE = 60
waits = st.floats(0, LONGEST.total_seconds())


@given(waits)
def test_a_reply_counts_as_no_quicker_than_it_was_and_at_most_a_twentieth_slower(
    seconds: float,
) -> None:
    step = within(seconds)
    assert seconds <= step
    assert step - seconds <= max(1, 0.05 * step)


@given(waits)
def test_whoever_still_waits_counts_as_far_as_is_certain(seconds: float) -> None:
    step = outlasted(seconds)
    assert step <= seconds
    assert seconds - step <= max(1, 0.05 * seconds)


@pytest.mark.parametrize("step", sorted({*RESPONSE_BUCKETS, *AGES.values()}))
def test_whatever_is_named_elsewhere_is_a_step_so_that_shares_at_it_are_exact(step: int) -> None:
    assert within(step) == outlasted(step) == step


def test_the_steps_are_in_order_and_end_with_the_longest() -> None:
    assert list(STEPS) == sorted(set(STEPS))
    assert (STEPS[0], STEPS[-1]) == (0, LONGEST.total_seconds())
