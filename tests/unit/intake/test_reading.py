"""JSON from strangers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.engagement.errors import Malformed
from responder.intake.reading import MAX_DEPTH, is_ignorable, read_json

values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
def test_what_was_written_is_read(value: Any) -> None:
    assert read_json(json.dumps(value, ensure_ascii=True).encode()) == value


@given(st.text() | st.dictionaries(st.text(), st.text()))
def test_half_a_surrogate_pair_is_read_as_any_other_text(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("written", [b"1e400", b"-0.0", b"9" * 4_300, b'{"a": 1, "a": 2}', b" 1 "])
def test_what_is_odd_and_still_json_is_read_as_everywhere(written: bytes) -> None:
    assert read_json(written) == json.loads(written)


@pytest.mark.parametrize(
    "written", [b"9" * 4_301, b"\xef\xbb\xbf1", b"01", b"[1,]", b'"\x01"', b"'a'"]
)
def test_what_only_some_readers_take_is_refused(written: bytes) -> None:
    with pytest.raises(Malformed):
        read_json(written)


def nested(depth: int) -> bytes:
    return b'{"a":[' * (depth // 2) + b"1" + b"]}" * (depth // 2)


def test_nesting_is_read_up_to_the_limit_and_no_deeper() -> None:
    assert read_json(nested(MAX_DEPTH)) is not None
    with pytest.raises(Malformed, match="deeper than 32"):
        read_json(nested(MAX_DEPTH + 2))


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_that_json_does_not_have_are_refused(constant: bytes) -> None:
    with pytest.raises(Malformed, match="is not a number in JSON"):
        read_json(constant)


@given(st.binary())
def test_a_refusal_names_the_place_and_quotes_nothing(value: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        read_json(b'{"diary"}' + value)
    assert "diary" not in str(refused.value)


@pytest.mark.parametrize(
    ("event_type", "may_be_left_out"),
    [
        ("ping", True),
        ("post.liked", True),
        ("", True),
        ("engagement.received.v2", False),
        ("comment.create", False),
        ("reply.posted", False),
    ],
)
def test_only_what_is_no_comment_may_be_left_out(event_type: str, may_be_left_out: bool) -> None:  # noqa: FBT001
    assert is_ignorable(event_type) is may_be_left_out
