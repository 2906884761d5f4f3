"""The checker sees: each invariant is broken once, in an account of a run that is otherwise whole."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from responder.testing.invariants import Ledger, Logged, Name, Seen, violations

A, B, C = ("forum", "a"), ("forum", "b"), ("forum", "c")
TEXT = "Choose export in its menu."
HASH = hashlib.sha256(TEXT.encode()).hexdigest()


def logged(name: Name, offset: int) -> Logged:
    return Logged(partition=0, offset=offset, event_id=f"id-{name[1]}", name=name, thread="t")


SEEN = Seen(
    pushed={A, B, C},
    acknowledged={A, B},
    logged=[logged(A, 0), logged(B, 1), logged(A, 2)],
    committed={0: 3},
    replies=[(A, TEXT)],
)
LEDGER = Ledger(
    engagements=[(A, "answered"), (B, "awaiting_review")],
    accepted=[A, B],
    handled={"id-a", "id-b"},
    letters=set(),
    approved={A: [HASH]},
)


def test_a_run_that_kept_everything_has_no_violation() -> None:
    assert violations(SEEN, LEDGER) == []


def test_a_comment_that_was_never_acknowledged_may_be_there_or_not() -> None:
    seen = replace(SEEN, logged=[*(SEEN.logged or ()), logged(C, 3)], committed={0: 4})
    ledger = replace(
        LEDGER,
        engagements=[*LEDGER.engagements, (C, "awaiting_review")],
        accepted=[A, B, C],
        handled={"id-a", "id-b", "id-c"},
    )
    assert violations(seen, ledger) == []


def test_a_dead_letter_accounts_for_its_record() -> None:
    seen = replace(SEEN, logged=[*(SEEN.logged or ()), logged(C, 3)], committed={0: 4})
    assert violations(seen, replace(LEDGER, letters={(0, 3)})) == []


def _seen(**what: object) -> Callable[[], tuple[Seen, Ledger]]:
    return lambda: (replace(SEEN, **what), LEDGER)  # type: ignore[arg-type]


def _ledger(**what: object) -> Callable[[], tuple[Seen, Ledger]]:
    return lambda: (SEEN, replace(LEDGER, **what))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (_ledger(engagements=LEDGER.engagements[:1], accepted=[A]), "I1, not in the ledger"),
        (
            _ledger(engagements=[*LEDGER.engagements, (B, "dismissed")], accepted=[A, B, B]),
            "I1, in the ledger more than once",
        ),
        (_seen(pushed={A}), "I1, in the ledger and never pushed"),
        (_seen(logged=[logged(A, 0)]), "I2, acknowledged and not in the log"),
        (_seen(replies=[(A, TEXT), (A, TEXT)]), "I3, answered more often than approved"),
        (_seen(replies=[]), "I3, answered and no reply stands there"),
        (_ledger(accepted=[B, A]), "I4, taken in before what came earlier"),
        (_seen(replies=[(A, TEXT + "!")]), "I5, posted and never approved"),
        (_ledger(accepted=[A]), "I6, without an entry of its own"),
        (_ledger(unlike_chain=["an id"]), "I6, not as the chain says"),
        (_ledger(missing=["forum/b"]), "I1, the audit misses"),
        (_ledger(miscounts=["open"]), "I7, miscounted"),
        (_ledger(handled={"id-a"}), "I8, committed and not dealt with"),
    ],
)
def test_what_is_wrong_is_named(broken: Callable[[], tuple[Seen, Ledger]], words: str) -> None:
    assert any(each.startswith(words) for each in violations(*broken()))
