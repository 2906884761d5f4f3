"""The one table of states: what may never be possible, and what always is."""

import pytest

from responder.engagement.lifecycle import (
    ENDS,
    OPEN,
    TRANSITIONS,
    IllegalTransition,
    State,
    Trigger,
    advance,
    step,
)

BY_EVIDENCE = {Trigger.DELIVERED, Trigger.ANSWERED_ELSEWHERE, Trigger.POSTED_BY_PERSON}
BY_PERSON_OR_NAMED_RULE = {Trigger.DISMISSED, Trigger.CLOSED_BY_RULE}


def moves() -> list[tuple[State, Trigger, State]]:
    return [(s, t, after) for s, table in TRANSITIONS.items() for t, after in table.items()]


def test_every_state_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(State)


def test_only_evidence_makes_answered() -> None:
    assert {t for _, t, after in moves() if after is State.ANSWERED} == BY_EVIDENCE


def test_only_a_person_or_a_named_rule_dismisses() -> None:
    assert {t for _, t, after in moves() if after is State.DISMISSED} == BY_PERSON_OR_NAMED_RULE


def test_only_the_authors_deletion_withdraws_and_nothing_follows() -> None:
    assert {t for _, t, after in moves() if after is State.WITHDRAWN} == {Trigger.WITHDRAWN}
    assert TRANSITIONS[State.WITHDRAWN] == {}


def test_every_open_state_can_reach_every_end() -> None:
    for state in OPEN:
        reached, waiting = {state}, [state]
        while waiting:
            for after in TRANSITIONS[waiting.pop()].values():
                if after not in reached:
                    reached.add(after)
                    waiting.append(after)
        assert reached >= ENDS, state


def test_nothing_is_sent_that_was_not_approved_first() -> None:
    """Into `sending` lead only an attempt at what is approved, and a person's second try."""
    into = {(state, trigger) for state, trigger, after in moves() if after is State.SENDING}
    assert into == {
        (State.APPROVED, Trigger.ATTEMPTED),
        (State.DELIVERY_UNKNOWN, Trigger.SENT_AGAIN),
    }


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("trigger", list(Trigger))
def test_a_move_is_in_the_table_or_refused_with_both_names(state: State, trigger: Trigger) -> None:
    if trigger in TRANSITIONS[state]:
        assert step(state, trigger).to_state is advance(state, trigger)
        return
    with pytest.raises(IllegalTransition) as refused:
        advance(state, trigger)
    assert str(refused.value) == f"{trigger} is not possible while the engagement is {state}."
