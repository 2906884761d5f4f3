"""Secrets: masked, compared, rotated."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.intake.secrets import Rotating, Secret, UnusableSecret

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def test_a_secret_shows_in_no_text() -> None:
    secret = Secret("hidden-words")
    assert "hidden" not in f"{secret!r} {secret!s} {secret} {[secret]} {Rotating(secret)}"


def test_an_empty_secret_is_none() -> None:
    with pytest.raises(UnusableSecret):
        Secret("")


@given(st.text(min_size=1), st.text())
def test_only_the_same_text_matches(held: str, given: str) -> None:
    assert Secret(held).matches(given) is (held == given)


def test_the_older_one_works_until_it_ends() -> None:
    rotating = Rotating(Secret("new"), Secret("old"), NOW)
    assert rotating.matches("old", NOW - timedelta(microseconds=1))
    assert not rotating.matches("old", NOW)
    assert rotating.matches("new", NOW)


@pytest.mark.parametrize(("previous", "ends_at"), [(Secret("old"), None), (None, NOW)])
def test_an_older_one_without_an_end_is_refused(
    previous: Secret | None, ends_at: datetime | None
) -> None:
    with pytest.raises(UnusableSecret):
        Rotating(Secret("new"), previous, ends_at)
