"""What an arrival means, given what the ledger knew: pure, in the order of the log.

New, edited, deleted, our own, or a repeat: each arrival gets one verdict. Later arrivals of a batch
see what earlier ones made known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from responder.engagement.clock import ClockAct, Terms, Tick, terms_of, ticked
from responder.engagement.context import digest
from responder.engagement.lifecycle import ENDS, Move, State, Trigger, step
from responder.engagement.model import (
    Audience,
    Author,
    Comment,
    EngagementId,
    Kind,
    NeedsReply,
    Page,
    SourceId,
    Understanding,
    Urgency,
    Via,
    Visibility,
)
from responder.engagement.workspace import Route, Source, Workspace
from responder.triage.ports import (
    Accepted,
    Arrival,
    Changed,
    Known,
    OpenApproval,
    OwnSeen,
    Verdict,
)

NaturalKey = tuple[SourceId, str]
WITHDRAWABLE = frozenset(
    {
        State.AWAITING_REVIEW,
        State.APPROVED,
        State.SENDING,
        State.DELIVERY_FAILED,
        State.DELIVERY_UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triager:
    """Decides for one batch under one version of the workspace."""

    workspace: Workspace
    new_id: Callable[[], EngagementId]
    now: datetime

    def decide(
        self,
        arrivals: Sequence[Arrival],
        known: Mapping[NaturalKey, Known],
        understood: Mapping[str, Understanding],
    ) -> tuple[Verdict, ...]:
        """One verdict per arrival that changes something, in order.

        Args:
            arrivals: not handled before, in the order of the log.
            known: what the ledger holds of their natural keys.
            understood: by event id, for every arrival of somebody who is not us.
        """
        seen = dict(known)
        verdicts: list[Verdict] = []
        for arrival in arrivals:
            key = natural_key(arrival)
            verdict = self._one(arrival, seen.get(key), understood.get(arrival.event.id))
            if verdict is not None:
                verdicts.append(verdict)
                seen[key] = _now_known(verdict, seen.get(key))
        return tuple(verdicts)

    def _one(
        self, arrival: Arrival, known: Known | None, understanding: Understanding | None
    ) -> Verdict | None:
        source = self.workspace.source(arrival.event.source)
        if known is not None and is_stale(arrival, known):
            return None
        comment = comment_of(arrival, source, known)
        version = arrival.data.version
        if comment.is_own:
            return OwnSeen(arrival=arrival, comment=comment, version=version)
        if known is None or known.engagement_id is None:
            return self._unknown(arrival, comment, known, understanding)
        if arrival.data.kind is Kind.DELETED:
            return Changed(
                arrival=arrival,
                comment=comment,
                version=version,
                engagement_id=known.engagement_id,
                moves=_withdrawal(known),
            )
        return self._edited(arrival, comment, known, understanding)

    def _unknown(
        self,
        arrival: Arrival,
        comment: Comment,
        known: Known | None,
        understanding: Understanding | None,
    ) -> Verdict:
        """A comment without an engagement yet.

        An edit whose creation never came is accepted as it stands: nothing gets lost. A deletion
        leaves a tombstone; should the creation still come, it is accepted and ends withdrawn.
        """
        if arrival.data.kind is Kind.DELETED or understanding is None:
            return Changed(
                arrival=arrival, comment=comment, version=arrival.data.version, engagement_id=None
            )
        was_deleted = known is not None and known.comment.is_deleted
        return self._accept(arrival, replace(comment, is_deleted=was_deleted), understanding)

    def _accept(self, arrival: Arrival, comment: Comment, understanding: Understanding) -> Accepted:
        source = self.workspace.source(arrival.event.source)
        audience = self.workspace.audience_of(source, comment.author.id)
        queue = self.route(source, understanding, audience)
        was_there_before_us = arrival.data.via is Via.BACKFILL
        terms = None if was_there_before_us else self._terms(queue, audience, understanding)
        tick = None if terms is None else _tick(ClockAct.STARTED, arrival, terms)
        reason = understanding.dismiss_by_rule
        moves = [step(State.RECEIVED, Trigger.UNDERSTOOD)]
        if reason is not None:
            moves.append(step(State.TRIAGED, Trigger.CLOSED_BY_RULE, reason.value))
        else:
            moves.append(step(State.TRIAGED, Trigger.QUEUED))
        if comment.is_deleted and reason is None:
            moves.append(step(State.AWAITING_REVIEW, Trigger.WITHDRAWN))
        return Accepted(
            engagement_id=self.new_id(),
            arrival=arrival,
            comment=comment,
            version=arrival.data.version,
            understanding=understanding,
            audience=audience,
            queue=queue,
            tick=tick,
            due_at=None if tick is None else ticked(None, tick).due_at,
            moves=tuple(moves),
            dismissed=reason,
        )

    def _edited(
        self,
        arrival: Arrival,
        comment: Comment,
        known: Known,
        understanding: Understanding | None,
    ) -> Changed:
        """What is open is judged anew; what was answered is only marked, never reopened."""
        verdict = Changed(
            arrival=arrival,
            comment=comment,
            version=arrival.data.version,
            engagement_id=known.engagement_id,
            is_after_answer=known.state is State.ANSWERED,
        )
        if understanding is None or (known.state in ENDS and not known.is_rule_closed):
            return verdict
        reopened = known.state is State.DISMISSED
        source = self.workspace.source(arrival.event.source)
        audience = self.workspace.audience_of(source, comment.author.id)
        queue = self.route(source, understanding, audience)
        return replace(
            verdict,
            understanding=understanding,
            audience=audience,
            queue=queue,
            tick=None
            if not reopened
            else _tick(ClockAct.RESTARTED, arrival, self._terms(queue, audience, understanding)),
            moves=_retriage(understanding) if reopened else (),
            dismissed=understanding.dismiss_by_rule if reopened else None,
        )

    def _terms(self, queue: str, audience: Audience, understanding: Understanding) -> Terms | None:
        urgency = Urgency(understanding.urgency.value)
        return terms_of(self.workspace.policy_of(queue), audience=audience, urgency=urgency)

    def route(self, source: Source, understanding: Understanding, audience: Audience) -> str:
        """The queue of the first route whose every condition holds, else the source's own."""
        for route in self.workspace.routes:
            if _matches(route, source, understanding, audience):
                return route.queue
        return source.queue


def _tick(act: ClockAct, arrival: Arrival, terms: Terms | None) -> Tick:
    return Tick(act=act, at=arrival.received_at, actor="triage", reason="", terms=terms)


def _withdrawal(known: Known) -> tuple[Move, ...]:
    """The author deleted it. While a delivery is open or in doubt, its outcome decides first."""
    if known.state not in WITHDRAWABLE or known.has_open_attempt:
        return ()
    return (step(known.state, Trigger.WITHDRAWN),)


def stale_approvals(approvals: Sequence[OpenApproval]) -> tuple[OpenApproval, ...]:
    """Those whose thread is no longer what it was when they were given."""
    return tuple(each for each in approvals if _digest_now(each) != each.context)


def _digest_now(approval: OpenApproval) -> str | None:
    comment = next((c for c in approval.thread if c.comment_id == approval.comment_id), None)
    return None if comment is None else digest(comment, approval.thread)


def _retriage(understanding: Understanding) -> tuple[Move, ...]:
    """An edit of what a rule closed is triaged again; the rule may well close it again."""
    edited = step(State.DISMISSED, Trigger.EDITED)
    if understanding.dismiss_by_rule is not None:
        reason = understanding.dismiss_by_rule.value
        return (edited, step(State.TRIAGED, Trigger.CLOSED_BY_RULE, reason))
    return (edited, step(State.TRIAGED, Trigger.QUEUED))


def _matches(
    route: Route, source: Source, understanding: Understanding, audience: Audience
) -> bool:
    return (
        (not route.sources or source.id in route.sources)
        and (not route.audiences or audience in route.audiences)
        and (not route.intents or bool(route.intents & set(understanding.intents)))
        and (not route.languages or understanding.language.value in route.languages)
        and (not route.urgencies or Urgency(understanding.urgency.value) in route.urgencies)
        and (
            not route.needs_reply
            or NeedsReply(understanding.needs_reply.value) in route.needs_reply
        )
    )


def natural_key(arrival: Arrival) -> NaturalKey:
    return SourceId(arrival.event.source), arrival.data.comment_id


def is_stale(arrival: Arrival, known: Known) -> bool:
    """Whether the ledger holds this already, or something newer.

    Order across ways in is not given: a poll may bring an edit before the webhook brings the
    creation. What is deleted stays deleted.
    """
    data = arrival.data
    if data.kind is Kind.DELETED:
        return known.comment.is_deleted
    if known.comment.is_deleted:
        return known.engagement_id is not None or known.comment.is_own
    if data.kind is Kind.CREATED or data.version == known.version:
        return True
    if data.edited_at is not None and known.edited_at is not None:
        return data.edited_at <= known.edited_at
    return False


def answered_elsewhere(
    state: State, *, ours_may_stand_there: bool, visibility: Visibility
) -> tuple[Move, ...]:
    """How a direct answer that was not sent from here ends what it answers; empty if it does not.

    While a reply of ours may stand there too, only its own delivery says what became of it. What did
    not go out from here, or was refused, goes back to review first.
    """
    back = {State.SENDING: Trigger.VOIDED, State.DELIVERY_FAILED: Trigger.RETURNED}
    if visibility is not Visibility.PUBLIC:
        return ()
    if state not in {State.AWAITING_REVIEW, State.APPROVED, *back}:
        return ()
    if state is State.SENDING and ours_may_stand_there:
        return ()
    first = (step(state, back[state], "elsewhere"),) if state in back else ()
    before = State.AWAITING_REVIEW if state in back else state
    return (*first, step(before, Trigger.ANSWERED_ELSEWHERE, "elsewhere"))


def is_own(source: Source, author: Author) -> bool:
    return author.id in source.own_author_ids or author.name in source.own_names


def comment_of(arrival: Arrival, source: Source, known: Known | None) -> Comment:
    """The comment as it stands after this arrival."""
    data = arrival.data
    if data.kind is Kind.DELETED and known is not None:
        return replace(known.comment, is_deleted=True, revision=known.comment.revision + 1)
    author = Author(
        id=data.author.id,
        name=data.author.name,
        handle=data.author.handle,
        url=data.author.url,
        avatar_url=data.author.avatar_url,
    )
    # An edit does not move a comment, whatever its sender leaves out. A tombstone has no place yet.
    stands = known.comment if known is not None and not known.comment.is_deleted else data
    page = None if data.page is None else Page(data.page.url, data.page.title, data.page.text)
    return Comment(
        source=source.id,
        comment_id=data.comment_id,
        thread_id=stands.thread_id,
        parent_id=stands.parent_id,
        root_id=stands.root_id,
        author=author,
        text=data.text,
        published_at=data.published_at,
        revision=1 if known is None else known.comment.revision + 1,
        is_own=is_own(source, author),
        is_deleted=data.kind is Kind.DELETED,
        permalink=data.permalink or (known.comment.permalink if known else None),
        page=page or (known.comment.page if known else None),
        text_format=data.text_format,
        answers=None if known is None else known.comment.answers,
    )


def _now_known(verdict: Verdict, before: Known | None) -> Known:
    """What the next arrival of the batch sees."""
    last = verdict.moves[-1] if verdict.moves else None
    state = before.state if before else None
    by_rule = before is not None and before.is_rule_closed
    if last is not None:
        state, by_rule = last.to_state, last.trigger is Trigger.CLOSED_BY_RULE
    return Known(
        comment=verdict.comment,
        version=verdict.version,
        edited_at=verdict.arrival.data.edited_at,
        engagement_id=verdict.engagement_id or (before.engagement_id if before else None),
        state=state,
        is_rule_closed=by_rule,
        has_open_attempt=before is not None and before.has_open_attempt,
    )
