"""The parts of the log that need no database."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.adapters.postgres.log import headers
from responder.adapters.postgres.log.claims import quota
from responder.adapters.postgres.log.membership import LogTiming
from responder.stream.log import Rejected
from responder.stream.options import Inconsistent

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(st.tuples(names, st.binary())))
def test_headers_come_back_as_they_went(pairs: Sequence[tuple[str, bytes]]) -> None:
    assert headers.from_json(headers.to_json(tuple(pairs))) == tuple(pairs)


def test_a_header_that_is_text_can_be_read_in_the_table() -> None:
    assert headers.to_json((("ce_type", b"received"),)) == '[["ce_type", "received"]]'


@pytest.mark.parametrize("name", ["nul\0", "half\ud800"])
def test_a_name_that_the_database_cannot_hold_is_rejected(name: str) -> None:
    with pytest.raises(Rejected):
        headers.to_json(((name, b""),))


@pytest.mark.parametrize("text", ['"x"', "[1]", '[["a"]]', '[["a", {"base64": "?"}]]', "{"])
def test_what_we_never_wrote_is_no_headers(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        headers.from_json(text)


@given(
    partitions=st.integers(min_value=0, max_value=50),
    members=st.lists(st.uuids(), min_size=1, max_size=9, unique=True),
    turn=st.integers(min_value=0, max_value=20),
)
def test_shares_are_even_and_cover_everything(
    partitions: int, members: list[UUID], turn: int
) -> None:
    shares = [quota(partitions, members, member, turn=turn) for member in members]
    assert sum(shares) == partitions
    assert max(shares) - min(shares) <= 1


def test_who_is_no_member_has_no_share() -> None:
    assert quota(6, [UUID(int=1)], UUID(int=2), turn=0) == 0


def test_a_lease_that_would_run_out_between_two_renewals_is_refused() -> None:
    with pytest.raises(Inconsistent, match="renew"):
        LogTiming(lease=5, renew=4, margin=1)
