"""The sealed chain: nothing in it can be changed without being named."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from responder.audit.chain import GENESIS, Head, Sealed, Verifier, seal
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
