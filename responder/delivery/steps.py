"""What to do next with one approved reply, and what an answer means: pure.

The one promise that all of this serves: at the platform, at most one reply per approval. So nothing
is posted while an earlier call may still have posted, and every doubt is settled by looking, then by
a person; never by trying again. One thing may be tried again in doubt: the same words under the same
key, where the other side keeps keys. It stays in doubt meanwhile: that a repeat is refused, or does
not get through, says nothing about the call before it.

One thing is believed where nobody can check it: *later*, by a place whose listing is never complete.
Such a place (Isso under moderation) says it at every third reply, and each would go to a person.

What a crash leaves behind: an attempt is recorded and committed before the call. A process that dies
in or after the call leaves it open; nobody touches it until no worker can still be in the middle of
it (`OPEN_ATTEMPT_SECONDS`), then it counts as unknown and is looked up.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from responder.delivery.outcomes import DEFAULT_WAIT_SECONDS, LONGEST_WAIT_SECONDS
from responder.delivery.ports import (
    AttemptOutcome,
    Capabilities,
    Job,
    OwnReply,
    Posted,
    ReadBack,
    Settlement,
)
from responder.engagement.lifecycle import State, Trigger
from responder.engagement.model import ReplyId
from responder.engagement.text import is_same_reply

SEND_DEADLINE_SECONDS = 5.0
"""From the recorded start until the first byte may leave at the latest."""
CALL_LIMIT_SECONDS = 20.0
OPEN_ATTEMPT_SECONDS = SEND_DEADLINE_SECONDS + CALL_LIMIT_SECONDS + 5.0
RETRY_SECONDS = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0)
"""Waits after the first, second, … try that was proven not to have posted anything."""
PATIENCE = timedelta(hours=25)
"""How long a place may say *later*: a quota of a day, and an hour. Then a person is asked."""
SHORTEST_WAIT_SECONDS = 1.0
SHARE_OF_WAIT = 0.1
"""Whoever says *later* again is left alone for at least this much of the time since the first."""
LOOKS = 3
"""How often a listing may fail before a person is asked."""
LOOK_AGAIN_SECONDS = 10.0
HANDED_OVER_LOOK_SECONDS = 60.0
MATCH_SKEW = timedelta(minutes=5)
"""A reply of ours may carry a time this much before its first attempt: clocks differ."""


class Step(Enum):
    POST = "post"
    LOOK = "look"
    WAIT = "wait"


class Evidence(Enum):
    """What it means that a reply is said to stand there."""

    SETTLES = "settles"
    KNOWN = "known"
    TOO_LATE = "too_late"
    """Nobody waits for it any more: it was given up."""


def next_step(job: Job, capabilities: Capabilities, *, now: datetime) -> Step:
    """What is to be done with a job that is due."""
    last = job.last
    if last is None:
        return Step.POST
    if last.outcome is None:
        return Step.LOOK if now >= nobody_is_at_it(job) else Step.WAIT
    if may_stand(job) and not repeats_safely(capabilities):
        return Step.LOOK
    if last.outcome in {AttemptOutcome.NOT_SENT, AttemptOutcome.UNKNOWN}:
        return Step.POST
    has_looked = job.looks > 0 or not capabilities.reads_back
    is_throttled = last.outcome is AttemptOutcome.THROTTLED
    if is_throttled and has_looked and not _is_out_of_patience(job, now):
        return Step.POST
    return Step.LOOK


def nobody_is_at_it(job: Job) -> datetime:
    """From when on no worker can still be in the middle of the job's last attempt."""
    if job.last is None:
        raise ValueError("nothing was attempted")
    return job.last.started_at + timedelta(seconds=OPEN_ATTEMPT_SECONDS)


def may_stand(job: Job) -> bool:
    """Whether one of the calls so far may have posted, as far as their answers tell."""
    return job.was_unknown or (job.last is not None and job.last.outcome is AttemptOutcome.UNKNOWN)


def repeats_safely(capabilities: Capabilities) -> bool:
    """Whether a doubtful call is repeated, since the key keeps it from posting twice."""
    return capabilities.idempotency == "key" and not capabilities.reads_back


def can_be_checked(capabilities: Capabilities) -> bool:
    """Whether *later* may be believed: a look, or the key, keeps a lie from posting twice."""
    return capabilities.reads_back or capabilities.idempotency == "key"


def after_call(
    job: Job, posted: Posted, capabilities: Capabilities, *, now: datetime
) -> Settlement:
    """What the platform's answer to a call means."""
    base = Settlement(
        outcome=posted.outcome,
        answer=posted.outcome,
        detail=posted.detail,
        tries=job.tries,
        external_id=posted.external_id,
        url=posted.url,
        posted_at=posted.posted_at,
        pause_source=posted.detail if posted.pause_source else None,
    )
    settled = _answered(job, base, posted, capabilities, now=now)
    return _doubt_stays(settled) if may_stand(job) else settled


def _answered(
    job: Job, base: Settlement, posted: Posted, capabilities: Capabilities, *, now: datetime
) -> Settlement:
    match posted.outcome:
        case AttemptOutcome.SENT:
            return replace(base, trigger=Trigger.DELIVERED)
        case AttemptOutcome.HANDED_OVER:
            return _handed_over(base, capabilities, now=now)
        case AttemptOutcome.THROTTLED if can_be_checked(capabilities):
            wait = _wait(job, posted.after_seconds, now)
            return replace(base, next_in=max(wait, _until_listed(capabilities)))
        case AttemptOutcome.NOT_SENT:
            return _not_sent(base)
        case AttemptOutcome.REFUSED | AttemptOutcome.UNKNOWN | AttemptOutcome.THROTTLED:
            return _in_doubt(base, capabilities)


def after_look(
    job: Job, found: ReadBack | None, capabilities: Capabilities, *, now: datetime
) -> Settlement:
    """What reading back means. `found` is None if the listing failed."""
    last = job.last
    if last is None:
        raise ValueError("nothing was attempted, so there is nothing to look for")
    base = Settlement(
        outcome=last.outcome or AttemptOutcome.UNKNOWN,
        answer=last.answer,
        tries=job.tries,
        looks=job.looks,
        absent_since=job.absent_since,
        external_id=last.external_id,
        handover_deadline=last.deadline_at,
    )
    matches = [] if found is None else matching(job, found.replies)
    if matches:
        return _found(base, matches[0], capabilities, now=now)
    if job.was_unknown and not repeats_safely(capabilities):
        return replace(
            base,
            outcome=AttemptOutcome.UNKNOWN,
            trigger=Trigger.IN_DOUBT,
            reason="cannot_be_read_back",
        )
    settled = _not_seen(job, base, found, capabilities, now=now)
    return _doubt_stays(settled) if job.was_unknown else settled


def _not_seen(
    job: Job,
    base: Settlement,
    found: ReadBack | None,
    capabilities: Capabilities,
    *,
    now: datetime,
) -> Settlement:
    if base.outcome is AttemptOutcome.THROTTLED:
        # The platform says that it did not process it, and no look has found anything against that;
        # where looking is put off too, nothing was looked at yet.
        if _is_out_of_patience(job, now):
            return replace(base, trigger=Trigger.REFUSED, reason="throttled")
        if found is None and capabilities.reads_back:
            return replace(base, next_in=_wait(job, None, now))
        return replace(base, looks=1, next_in=0.0)
    if base.outcome is AttemptOutcome.HANDED_OVER:
        return _still_handed_over(base, now=now)
    return _absent(base, found, capabilities, now=now)


def matching(job: Job, replies: Sequence[OwnReply]) -> list[OwnReply]:
    """Our replies that are this one: by id, by key, else by text since the first attempt began.

    What is known to be the reply to somebody else, or to have stood there before, is none, however
    equal its words are. The limit of this: what somebody posts by hand in the same words and the same
    branch, from `MATCH_SKEW` before the first attempt on, and of which the ledger has not heard when
    that attempt begins, is taken for this reply, so that this one may not be posted. The other way
    round a reply could be posted twice.
    """
    last, first = job.last, job.first_started_at
    if last is None or first is None:
        return []
    key = idempotency_key(job)
    exact = [
        each
        for each in replies
        if (last.external_id is not None and each.external_id == last.external_id)
        or each.idempotency_key == key
    ]
    earliest = first - MATCH_SKEW
    return exact or [
        each
        for each in replies
        if each.idempotency_key is None
        and each.external_id not in job.others
        and (each.posted_at is None or each.posted_at >= earliest)
        and is_same_reply(job.text, each.text)
    ]


def evidence(last: AttemptOutcome | None, *, is_released: bool, state: State) -> Evidence:
    """What a receipt or an echo of a reply that was attempted means.

    Args:
        last: the outcome of its last attempt; None while that is open.
        is_released: its approval still holds; what was given up says nothing about a later reply.
        state: the engagement's.
    """
    if last is AttemptOutcome.SENT:
        return Evidence.KNOWN
    if is_released and state in {State.SENDING, State.DELIVERY_UNKNOWN}:
        return Evidence.SETTLES
    return Evidence.KNOWN if state is State.ANSWERED else Evidence.TOO_LATE


def put_off(job: Job, settled: Settlement) -> str | None:
    """Why the job waits from now on, if that is news: each wait is told once, not at every try."""
    last = None if job.last is None else job.last.outcome
    if settled.next_in is None or settled.trigger is not None:
        return None
    if settled.outcome is AttemptOutcome.THROTTLED and last is not AttemptOutcome.THROTTLED:
        return "asked_to_wait"
    if settled.may_repeat and not may_stand(job):
        return "answer_unclear"
    return None


def idempotency_key(job: Job) -> str:
    """The same on every attempt of a reply."""
    return job.kept_key or key_of(job.reply_id)


def key_of(reply_id: ReplyId) -> str:
    return f"reply_{reply_id.hex}"


def _found(
    base: Settlement, reply: OwnReply, capabilities: Capabilities, *, now: datetime
) -> Settlement:
    seen = replace(base, external_id=reply.external_id, url=reply.url, posted_at=reply.posted_at)
    if reply.is_public:
        return replace(seen, outcome=AttemptOutcome.SENT, trigger=Trigger.DELIVERED)
    return _handed_over(replace(seen, is_held=True), capabilities, now=now)


def _handed_over(base: Settlement, capabilities: Capabilities, *, now: datetime) -> Settlement:
    """Passed on, but not seen in public yet."""
    deadline = now + timedelta(seconds=capabilities.handover_deadline_seconds)
    return replace(
        base,
        outcome=AttemptOutcome.HANDED_OVER,
        is_held=base.external_id is not None,
        handover_deadline=deadline,
        next_in=_look_or_deadline(capabilities),
    )


def _still_handed_over(base: Settlement, *, now: datetime) -> Settlement:
    if base.handover_deadline is not None and now >= base.handover_deadline:
        return replace(
            base,
            outcome=AttemptOutcome.UNKNOWN,
            trigger=Trigger.IN_DOUBT,
            reason="not_seen_in_time",
        )
    return replace(base, is_held=base.external_id is not None, next_in=HANDED_OVER_LOOK_SECONDS)


def _wait(job: Job, asked: float | None, now: datetime) -> float:
    """How long to leave a place alone that says *later*: as it asks, within reason."""
    since = job.throttled_since or now
    least = max(SHORTEST_WAIT_SECONDS, (now - since).total_seconds() * SHARE_OF_WAIT)
    wait = max(min(asked or DEFAULT_WAIT_SECONDS, LONGEST_WAIT_SECONDS), least)
    return min(wait, max((since + PATIENCE - now).total_seconds(), 0.0))


def _until_listed(capabilities: Capabilities) -> float:
    """What was made all the same must be seen by the look that follows."""
    return capabilities.settle_seconds if capabilities.reads_back else 0.0


def _is_out_of_patience(job: Job, now: datetime) -> bool:
    return job.throttled_since is not None and now >= job.throttled_since + PATIENCE


def _look_or_deadline(capabilities: Capabilities) -> float:
    if capabilities.reads_back:
        return HANDED_OVER_LOOK_SECONDS
    return capabilities.handover_deadline_seconds


def _not_sent(base: Settlement) -> Settlement:
    tries = base.tries + 1
    settled = replace(
        base, outcome=AttemptOutcome.NOT_SENT, tries=tries, looks=0, absent_since=None
    )
    if tries > len(RETRY_SECONDS):
        return replace(settled, trigger=Trigger.REFUSED, reason="not_reachable")
    return replace(settled, next_in=RETRY_SECONDS[tries - 1])


def without_a_way_out(job: Job) -> Settlement | None:
    """What becomes of a reply whose source can be reached no more; None: it never left.

    While a call may have posted, giving the item back would invite a second reply.
    """
    last = job.last
    if last is None:
        return None
    is_undone = last.outcome in {AttemptOutcome.NOT_SENT, AttemptOutcome.THROTTLED}
    if is_undone and not job.was_unknown:
        return None
    return Settlement(
        outcome=last.outcome if last.outcome and is_undone else AttemptOutcome.UNKNOWN,
        trigger=Trigger.IN_DOUBT,
        reason="no_way_out",
        answer=last.answer,
        tries=job.tries,
        external_id=last.external_id,
    )


def _in_doubt(base: Settlement, capabilities: Capabilities) -> Settlement:
    """It may have posted. A platform that keeps our key makes repeating safe; others are read."""
    if capabilities.reads_back:
        doubtful = replace(base, outcome=AttemptOutcome.UNKNOWN)
        return replace(doubtful, next_in=capabilities.settle_seconds)
    if capabilities.idempotency != "key":
        reason = "cannot_be_read_back"
        return replace(
            base, outcome=AttemptOutcome.UNKNOWN, trigger=Trigger.IN_DOUBT, reason=reason
        )
    if base.answer is AttemptOutcome.REFUSED:
        return replace(base, trigger=Trigger.REFUSED, reason="refused")
    return _asked_again(base)


def _asked_again(base: Settlement) -> Settlement:
    """It may have posted, and is asked once more under its key; at last a person is asked."""
    tries = base.tries + 1
    unknown = replace(base, outcome=AttemptOutcome.UNKNOWN, tries=tries, looks=0)
    if tries > len(RETRY_SECONDS):
        return replace(unknown, trigger=Trigger.IN_DOUBT, reason="no_clear_answer")
    return replace(unknown, may_repeat=True, next_in=RETRY_SECONDS[tries - 1])


def _doubt_stays(settled: Settlement) -> Settlement:
    """An earlier call may have posted: what befell this one is no proof that nothing stands."""
    if settled.trigger is not Trigger.REFUSED:
        return settled
    return replace(settled, trigger=Trigger.IN_DOUBT)


def _absent(
    base: Settlement, found: ReadBack | None, capabilities: Capabilities, *, now: datetime
) -> Settlement:
    """Not in the listing, or no listing. Only two complete listings, apart, prove an absence."""
    if found is None:
        return _no_listing(base, capabilities)
    unknown = replace(base, outcome=AttemptOutcome.UNKNOWN)
    if not found.is_complete:
        return replace(unknown, trigger=Trigger.IN_DOUBT, reason="listing_incomplete")
    settle = capabilities.settle_seconds
    if base.absent_since is None:
        return replace(unknown, absent_since=now, next_in=settle)
    if now < base.absent_since + timedelta(seconds=settle):
        return replace(unknown, next_in=settle)
    if base.answer is AttemptOutcome.REFUSED:
        outcome = AttemptOutcome.REFUSED
        return replace(base, outcome=outcome, trigger=Trigger.REFUSED, reason="refused")
    return _not_sent(base)


def _no_listing(base: Settlement, capabilities: Capabilities) -> Settlement:
    if not capabilities.reads_back:
        return _in_doubt(replace(base, answer=base.answer or AttemptOutcome.UNKNOWN), capabilities)
    unknown = replace(base, outcome=AttemptOutcome.UNKNOWN, looks=base.looks + 1)
    if unknown.looks < LOOKS:
        return replace(unknown, next_in=LOOK_AGAIN_SECONDS)
    return replace(unknown, trigger=Trigger.IN_DOUBT, reason="cannot_be_read_back")
