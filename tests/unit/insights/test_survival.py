"""Who still waits after how long, with those who still do."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.insights.survival import Curve, survival

counts = st.dictionaries(st.integers(0, 400), st.integers(1, 20), max_size=12)


def test_without_anybody_who_still_waits_it_is_the_share_of_those_who_have_waited_longer() -> None:
    curve = survival({10: 1, 20: 2, 30: 1}, {})
    assert [curve.waiting(seconds) for seconds in (0, 9, 10, 19, 20, 30, 999)] == [
        *(1, 1, 0.75, 0.75, 0.25, 0, 0)
    ]
    assert (curve.by(0.25), curve.by(0.5), curve.by(0.9)) == (10, 20, 30)


def test_the_example_that_the_method_was_published_with() -> None:
    """Kaplan and Meier, 1958: eight items, of which four died; here in tenths of a month."""
    curve = survival({8: 1, 31: 1, 54: 1, 92: 1}, {10: 1, 27: 1, 70: 1, 121: 1})
    shares = (7 / 8, 7 / 10, 21 / 40, 21 / 80)
    assert [point.waiting for point in curve.points] == [pytest.approx(share) for share in shares]
    assert curve.reach == 121


def test_an_ignored_comment_makes_it_worse_and_never_better() -> None:
    """What a figure over answered comments alone gets wrong."""
    answered = survival({1_800: 88}, {})
    ignored = survival({1_800: 88}, {86_400: 12})
    assert answered.waiting(1_800) == 0
    assert ignored.waiting(1_800) == pytest.approx(0.12)
    assert (answered.by(0.9), ignored.by(0.9)) == (1_800, None)


def test_whoever_still_waits_counts_as_far_as_they_have_waited_and_no_further() -> None:
    curve = survival({60: 1, 600: 1}, {300: 2})
    assert curve.waiting(60) == pytest.approx(3 / 4)
    assert curve.waiting(600) == 0


def test_what_nobody_has_been_seen_to_wait_is_not_known() -> None:
    curve = survival({60: 1}, {300: 1})
    assert curve.waiting(300) == 0.5
    assert curve.waiting(301) is None


def test_of_nobody_nothing_is_known() -> None:
    curve = survival({}, {})
    assert curve == Curve()
    assert (curve.by(0.5), curve.waiting(1)) == (None, None)


def test_nobody_had_a_reply_yet() -> None:
    curve = survival({}, {3_600: 3})
    assert curve.points == ()
    assert (curve.waiting(3_600), curve.by(0.5)) == (1, None)


@given(counts, counts)
def test_it_only_falls_and_ends_at_nothing_when_the_last_to_be_seen_had_a_reply(
    replied: dict[int, int], others: dict[int, int]
) -> None:
    curve = survival(replied, others)
    shares = [1.0, *(point.waiting for point in curve.points)]
    assert shares == sorted(shares, reverse=True)
    assert [point.seconds for point in curve.points] == sorted(replied)
    if replied and max(replied) >= max(others, default=0):
        is_last = max(replied) > max(others, default=-1)
        assert (curve.points[-1].waiting == pytest.approx(0)) == is_last


@given(counts, counts)
def test_it_is_what_counting_one_comment_after_the_other_gives(
    replied: dict[int, int], others: dict[int, int]
) -> None:
    """At each reply: of those who had waited so long, one had it."""
    curve = survival(replied, others)
    share = Fraction(1)
    everybody = [*Counter(replied).elements(), *Counter(others).elements()]
    for step, point in zip(sorted(replied), curve.points, strict=True):
        at_risk = sum(each >= step for each in everybody)
        share *= Fraction(at_risk - replied[step], at_risk)
        assert point.seconds == step
        assert point.waiting == pytest.approx(float(share))
