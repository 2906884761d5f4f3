"""When an answer that a colleague gave on the platform ends what it answers."""

import pytest

from responder.engagement.lifecycle import ENDS, OPEN, State, Trigger
from responder.engagement.model import Visibility
from responder.triage.decisions import answered_elsewhere

OURS_OR_NOT = pytest.mark.parametrize("ours_may_stand_there", [False, True])


@pytest.mark.parametrize("state", [State.AWAITING_REVIEW, State.APPROVED])
@OURS_OR_NOT
def test_it_ends_what_had_not_gone_out(state: State, *, ours_may_stand_there: bool) -> None:
    (move,) = answered_elsewhere(
        state, ours_may_stand_there=ours_may_stand_there, visibility=Visibility.PUBLIC
    )
    assert (move.from_state, move.to_state) == (state, State.ANSWERED)


@pytest.mark.parametrize(
    ("state", "back"),
    [(State.SENDING, Trigger.VOIDED), (State.DELIVERY_FAILED, Trigger.RETURNED)],
)
def test_what_had_begun_goes_back_to_review_first(state: State, back: Trigger) -> None:
    moves = answered_elsewhere(state, ours_may_stand_there=False, visibility=Visibility.PUBLIC)
    assert [move.trigger for move in moves] == [back, Trigger.ANSWERED_ELSEWHERE]
    assert moves[-1].to_state is State.ANSWERED


def test_while_a_reply_may_stand_there_its_delivery_alone_settles_it() -> None:
    sending = answered_elsewhere(
        State.SENDING, ours_may_stand_there=True, visibility=Visibility.PUBLIC
    )
    in_doubt = answered_elsewhere(
        State.DELIVERY_UNKNOWN, ours_may_stand_there=True, visibility=Visibility.PUBLIC
    )
    assert sending == in_doubt == ()


@pytest.mark.parametrize("state", sorted(OPEN | ENDS))
@pytest.mark.parametrize("visibility", [Visibility.RESTRICTED, Visibility.PRIVATE])
def test_what_not_everybody_can_read_is_no_answer(state: State, visibility: Visibility) -> None:
    assert not answered_elsewhere(state, ours_may_stand_there=False, visibility=visibility)
