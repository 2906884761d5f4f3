"""What an answer means for the next step: decided without a ledger, a clock or a platform."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.delivery import steps
from responder.delivery.outcomes import LONGEST_WAIT_SECONDS
from responder.delivery.ports import (
    Attempt,
    AttemptOutcome,
    Capabilities,
    Job,
    OwnReply,
    Posted,
    ReadBack,
    Settlement,
)
from responder.engagement.lifecycle import State, Trigger
from responder.engagement.model import Author, Comment, EngagementId, ReplyId, SourceId
from responder.testing.factories import NOON, comment
from responder.testing.place import OBEDIENT

CANNOT_BE_READ = replace(OBEDIENT, reads_back=False)
KEEPS_KEYS = replace(CANNOT_BE_READ, idempotency="key")


def job(*, throttled_since: datetime, looks: int = 0) -> Job:
    """A reply whose last attempt was answered with *later*."""
    asked = comment()
    return Job(
        reply_id=ReplyId(UUID(int=7)),
        engagement_id=EngagementId(UUID(int=8)),
        source=SourceId("garden"),
        token=UUID(int=9),
        state=State.SENDING,
        tries=0,
        looks=looks,
        absent_since=None,
        last=Attempt(number=1, started_at=throttled_since, outcome=AttemptOutcome.THROTTLED),
        throttled_since=throttled_since,
        first_started_at=throttled_since,
        text="Yes, it does.",
        comment=Comment(
            source=SourceId("garden"),
            comment_id=asked.comment_id,
            thread_id=asked.thread_id,
            parent_id=None,
            root_id=asked.root_id,
            author=Author(id="ann", name="Ann"),
            text=asked.text,
            published_at=NOON,
            revision=1,
            is_own=False,
        ),
    )


def there(external_id: str, posted_at: datetime) -> OwnReply:
    """The same words, as the place lists them."""
    return OwnReply(
        external_id=external_id, text="Yes, it does.", url=None, posted_at=posted_at, is_public=True
    )


@pytest.mark.fault(29, 30)
@pytest.mark.promise(2)
def test_later_is_not_believed_where_neither_a_look_nor_a_key_can_check_it() -> None:
    later = Posted(outcome=AttemptOutcome.THROTTLED, after_seconds=1.0)
    first = replace(job(throttled_since=NOON), last=None, throttled_since=None)
    settled = steps.after_call(first, later, CANNOT_BE_READ, now=NOON)
    assert (settled.outcome, settled.trigger) == (AttemptOutcome.UNKNOWN, Trigger.IN_DOUBT)
    assert settled.next_in is None


@pytest.mark.fault(29, 30)
def test_after_later_it_is_looked_no_sooner_than_a_listing_can_show_it() -> None:
    """A place may have made it and say *later* all the same, and its listing lags."""
    assert told_later(1.0, since=timedelta()) >= OBEDIENT.settle_seconds


@pytest.mark.fault(29, 30)
def test_after_later_a_look_that_failed_is_no_look() -> None:
    waiting = job(throttled_since=NOON)
    settled = steps.after_look(waiting, None, OBEDIENT, now=NOON + timedelta(minutes=1))
    assert (settled.outcome, settled.trigger, settled.looks) == (
        AttemptOutcome.THROTTLED,
        None,
        0,
    )
    assert settled.next_in is not None
    assert settled.next_in > 0


def told_later(seconds: float | None, *, since: timedelta) -> float:
    """How long is waited where a place says *later*, and has done so for this long."""
    later = Posted(outcome=AttemptOutcome.THROTTLED, after_seconds=seconds)
    settled = steps.after_call(job(throttled_since=NOON), later, OBEDIENT, now=NOON + since)
    assert settled.next_in is not None
    return settled.next_in


@pytest.mark.parametrize("asked", [5.0, 60.0, 900.0, 86_400.0])
def test_a_place_that_says_later_is_given_the_time_that_it_asks_for(asked: float) -> None:
    assert told_later(asked, since=timedelta()) == asked


@pytest.mark.parametrize("asked", [-math.inf, -86_400.0, 0.0, math.inf, 1e300, None])
def test_no_wait_that_a_place_asks_for_is_believed_beyond_reason(asked: float | None) -> None:
    assert 1.0 <= told_later(asked, since=timedelta()) <= LONGEST_WAIT_SECONDS


@given(asked=st.floats(allow_nan=False), hours=st.floats(0.0, 40.0))
def test_however_long_it_says_later_the_next_step_is_no_later_than_patience_ends(
    asked: float, hours: float
) -> None:
    since = timedelta(hours=hours)
    latest = max(since, steps.PATIENCE - timedelta(seconds=OBEDIENT.settle_seconds))
    waited = timedelta(seconds=told_later(asked, since=since))
    assert since + waited <= latest + timedelta(seconds=OBEDIENT.settle_seconds)


def test_a_place_that_always_says_in_a_second_is_asked_ever_less_often() -> None:
    now, calls = NOON, 0
    while now < NOON + steps.PATIENCE:
        now += timedelta(seconds=told_later(1.0, since=now - NOON))
        calls += 1
    assert calls < 150


@pytest.mark.parametrize("capabilities", [OBEDIENT, KEEPS_KEYS])
def test_while_there_is_patience_it_is_posted_once_more(capabilities: Capabilities) -> None:
    waiting = job(throttled_since=NOON, looks=1)
    now = NOON + steps.PATIENCE - timedelta(seconds=1)
    assert steps.next_step(waiting, capabilities, now=now) is steps.Step.POST


@pytest.mark.parametrize("capabilities", [OBEDIENT, KEEPS_KEYS])
@pytest.mark.parametrize("looks", [0, 1])
def test_when_patience_is_over_a_person_is_asked_instead(
    capabilities: Capabilities, looks: int
) -> None:
    waiting = job(throttled_since=NOON, looks=looks)
    now = NOON + steps.PATIENCE
    assert steps.next_step(waiting, capabilities, now=now) is steps.Step.LOOK
    nothing = ReadBack(replies=(), is_complete=False) if capabilities.reads_back else None
    given_up = steps.after_look(waiting, nothing, capabilities, now=now)
    assert (given_up.trigger, given_up.reason) == (Trigger.REFUSED, "throttled")
    assert (given_up.outcome, given_up.next_in) == (AttemptOutcome.THROTTLED, None)


def test_a_reply_that_is_found_when_patience_is_over_was_sent() -> None:
    found = ReadBack(replies=(there("r", NOON),), is_complete=True)
    settled = steps.after_look(
        job(throttled_since=NOON), found, OBEDIENT, now=NOON + steps.PATIENCE
    )
    assert settled.trigger is Trigger.DELIVERED


def test_what_an_early_attempt_posted_is_found_however_late_the_last_one_was() -> None:
    waiting = replace(job(throttled_since=NOON + timedelta(hours=3)), first_started_at=NOON)
    early = there("early", NOON + timedelta(seconds=1))
    assert steps.matching(waiting, [early]) == [early]


def test_equal_words_from_before_the_first_attempt_are_no_evidence() -> None:
    waiting = replace(job(throttled_since=NOON), others=frozenset({"by-hand"}))
    long_ago = there("long-ago", NOON - timedelta(hours=1))
    by_hand = there("by-hand", NOON - timedelta(seconds=1))
    ours = there("ours", NOON - timedelta(seconds=1))
    assert steps.matching(waiting, [long_ago, by_hand, ours]) == [ours]


def test_an_attempt_in_doubt_is_settled_by_evidence() -> None:
    for last in (None, AttemptOutcome.UNKNOWN, AttemptOutcome.HANDED_OVER):
        for state in (State.SENDING, State.DELIVERY_UNKNOWN):
            meaning = steps.evidence(last, is_released=True, state=state)
            assert meaning is steps.Evidence.SETTLES


def test_evidence_of_what_was_sent_or_answered_tells_nothing_new() -> None:
    sent = steps.evidence(AttemptOutcome.SENT, is_released=True, state=State.AWAITING_REVIEW)
    answered = steps.evidence(AttemptOutcome.UNKNOWN, is_released=False, state=State.ANSWERED)
    assert sent is answered is steps.Evidence.KNOWN


@pytest.mark.parametrize("state", [State.AWAITING_REVIEW, State.APPROVED, State.SENDING])
def test_evidence_of_what_was_given_up_settles_no_later_reply(state: State) -> None:
    meaning = steps.evidence(AttemptOutcome.UNKNOWN, is_released=False, state=state)
    assert meaning is steps.Evidence.TOO_LATE


ANSWERS = st.sampled_from(AttemptOutcome).filter(lambda it: it is not AttemptOutcome.SENT)


def after(job: Job, settled: Settlement, now: datetime) -> Job:
    """The job as the ledger gives it once this is recorded."""
    last = job.last
    assert last is not None
    since = job.throttled_since or last.started_at
    return replace(
        job,
        tries=settled.tries,
        looks=settled.looks,
        last=replace(last, outcome=settled.outcome, answer=settled.answer, settled_at=now),
        throttled_since=since if settled.outcome is AttemptOutcome.THROTTLED else None,
    )


@given(answers=st.lists(ANSWERS, min_size=1, max_size=300))
def test_after_an_unknown_answer_no_later_one_proves_that_nothing_was_posted(
    answers: list[AttemptOutcome],
) -> None:
    now, was_unknown = NOON, False
    waiting = replace(job(throttled_since=NOON), last=None, throttled_since=None)
    for number, answer in enumerate(answers, start=1):
        settled = steps.after_call(waiting, Posted(outcome=answer), KEEPS_KEYS, now=now)
        called = replace(
            waiting,
            was_unknown=was_unknown,
            last=Attempt(number=number, started_at=now, outcome=None),
        )
        was_unknown = was_unknown or answer is AttemptOutcome.UNKNOWN
        waiting = after(called, settled, now)
        assert not (was_unknown and settled.trigger is Trigger.REFUSED)
        assert not (was_unknown and steps.without_a_way_out(waiting) is None)
        if settled.next_in is None or answer is AttemptOutcome.HANDED_OVER:
            break
        assert steps.may_stand(waiting) == was_unknown
        now += timedelta(seconds=settled.next_in)


@pytest.mark.parametrize("idempotency", ["none", "upsert", "refusal"])
def test_without_a_key_nothing_is_repeated_in_doubt(idempotency: str) -> None:
    keyless = replace(CANNOT_BE_READ, idempotency=idempotency)
    call = replace(job(throttled_since=NOON), last=None, throttled_since=None)
    settled = steps.after_call(call, Posted(outcome=AttemptOutcome.UNKNOWN), keyless, now=NOON)
    assert (settled.trigger, settled.next_in) == (Trigger.IN_DOUBT, None)
