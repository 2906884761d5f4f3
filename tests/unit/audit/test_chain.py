"""The sealed chain: nothing in it can be changed without being named."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from responder.audit.chain import GENESIS, MISSING, UNLIKE_HEAD, Head, Sealed, Verifier, seal
from responder.engagement.errors import Malformed
from responder.testing.factories import NOON

ITEM = UUID(int=7)
STEPS = (("received", "triaged"), ("triaged", "awaiting_review"), ("awaiting_review", "approved"))


def chain() -> list[Sealed]:
    entries: list[Sealed] = []
    before = GENESIS
    for number, (start, end) in enumerate(STEPS, 1):
        entry = Sealed(
            number=number,
            entry_id=number * 10,
            engagement_id=ITEM,
            act=end,
            actor="triage",
            from_state=start,
            to_state=end,
            reason=None,
            data={"n": number},
            at=NOON,
            hash=b"",
        )
        before = seal(before, entry)
        entries.append(replace(entry, hash=before))
    return entries


def resealed(entries: list[Sealed]) -> list[Sealed]:
    """As somebody who knows the algorithm would do it, without an exported head."""
    before, made = GENESIS, list[Sealed]()
    for entry in entries:
        before = seal(before, entry)
        made.append(replace(entry, hash=before))
    return made


def test_an_untouched_chain_holds_and_tells_its_head_and_the_last_states() -> None:
    verifier = Verifier()
    assert verifier.check(chain()) is None
    assert verifier.head == Head(3, chain()[-1].hash)
    assert verifier.states == {ITEM: "approved"}


@pytest.mark.parametrize(
    ("tamper", "number"),
    [
        (lambda c: [c[0], replace(c[1], reason="because"), c[2]], 2),
        (lambda c: [c[0], replace(c[1], actor="somebody"), c[2]], 2),
        (lambda c: [c[0], replace(c[1], data={"n": 9}), c[2]], 2),
        (lambda c: [c[0], c[2]], 2),
        (lambda c: [c[1], c[0], c[2]], 1),
        (lambda c: [c[0], c[1], replace(c[1], number=3)], 3),
    ],
    ids=["reason", "actor", "data", "deleted", "reordered", "inserted"],
)
def test_an_edit_a_deletion_and_a_reordering_are_named_by_number(
    tamper: Callable[[list[Sealed]], list[Sealed]], number: int
) -> None:
    found = Verifier().check(tamper(chain()))
    assert found is not None
    assert found.number == number


def test_a_forged_chain_whose_state_changes_do_not_join_is_found_all_the_same() -> None:
    one, _, three = chain()
    found = Verifier().check(resealed([one, replace(three, number=2)]))
    assert found is not None
    assert found.what == "the state change does not continue the one before"


def test_a_head_is_read_as_it_was_written() -> None:
    head = Head(3, chain()[-1].hash)
    assert Head.read(f" {head}\n") == head


@pytest.mark.parametrize("written", ["", "3", "3:", "three:" + "0" * 64, "3:" + "0" * 63])
def test_what_is_no_head_is_refused(written: str) -> None:
    with pytest.raises(Malformed):
        Head.read(written)


def test_entries_that_end_before_a_head_that_was_noted_are_missing() -> None:
    noted = {each.number: each.hash for each in chain()}
    verifier = Verifier(noted=noted)
    assert verifier.check(chain()[:2]) is None
    found = verifier.end()
    assert found is not None
    assert (found.number, found.what) == (3, MISSING)
    whole = Verifier(noted=noted)
    assert whole.check(chain()) is None
    assert whole.end() is None


def test_a_chain_that_was_sealed_anew_is_not_the_one_that_was_noted() -> None:
    noted = {each.number: each.hash for each in chain()[1:2]}
    forged = resealed([replace(chain()[0], actor="nobody"), *chain()[1:]])
    assert Verifier().check(forged) is None
    found = Verifier(noted=noted).check(forged)
    assert found is not None
    assert (found.number, found.what) == (2, UNLIKE_HEAD)


def test_a_walk_that_begins_at_a_head_goes_on_behind_it() -> None:
    one, *rest = chain()
    verifier = Verifier(Head(1, one.hash), states={ITEM: "triaged"})
    assert verifier.check(rest) is None
    assert verifier.head.number == 3
