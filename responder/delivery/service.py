"""Delivery: post what was approved, once, and never believe without evidence."""

from collections.abc import Mapping
from dataclasses import replace

from responder.delivery import steps
from responder.delivery.ports import (
    AttemptOutcome,
    DeliveryObserver,
    DeliveryWork,
    Job,
    Posted,
    Posting,
    Preflight,
    ReplyPlatform,
    Settlement,
)
from responder.engagement.events import Event, ReplyPosted
from responder.engagement.lifecycle import Trigger
from responder.engagement.model import ReplyId, SourceId
from responder.engagement.ports import Clock, Random

LEASE_SECONDS = 60.0
"""Longer than the longest step: preflight, connect and call together."""


class Delivery:
    """Takes one step of one reply at a time; any number of workers may do so at once."""

    def __init__(
        self,
        *,
        work: DeliveryWork,
        platforms: Mapping[SourceId, ReplyPlatform],
        kinds: Mapping[SourceId, str],
        clock: Clock,
        random: Random,
        observer: DeliveryObserver,
    ) -> None:
        """`kinds` names each source's platform, for the metrics."""
        self._work = work
        self._platforms = platforms
        self._kinds = kinds
        self._clock = clock
        self._random = random
        self._observer = observer

    async def run(self, reply_id: ReplyId | None = None) -> bool:
        """Take one due step (of this reply, or of any); False if nothing was due.

        Raises:
            Unavailable: the ledger is away. An attempt may be open; it is looked up later.
            LeaseLost: this worker was away too long; another one has taken over.
        """
        job = await self._work.claim(reply_id, at=self._clock.now(), lease_seconds=LEASE_SECONDS)
        if job is None:
            return False
        platform = self._platforms.get(job.source)
        if platform is None or not platform.capabilities.posts:
            await self._without_a_way_out(job)
            return True
        match steps.next_step(job, platform.capabilities, now=self._clock.now()):
            case steps.Step.POST:
                await self._post(job, platform)
            case steps.Step.LOOK:
                await self._look(job, platform)
            case steps.Step.WAIT:
                await self._work.postpone(job, until=steps.nobody_is_at_it(job))
        return True

    async def _without_a_way_out(self, job: Job) -> None:
        now = self._clock.now()
        doubt = steps.without_a_way_out(job)
        if doubt is None:
            await self._work.return_to_review(
                job, trigger=Trigger.VOIDED, reason="no_way_out", at=now
            )
        elif job.last is not None and job.last.outcome is None and now < steps.nobody_is_at_it(job):
            await self._work.postpone(job, until=steps.nobody_is_at_it(job))
        else:
            await self._settle(job, doubt)

    async def receipt(self, event: Event, data: ReplyPosted) -> bool:
        """Whoever was handed a reply says that it stands; False if nothing waits for that."""
        return await self._work.receipt(event, data, at=self._clock.now())

    async def _post(self, job: Job, platform: ReplyPlatform) -> None:
        posting = self._posting(job)
        found = await platform.preflight(posting)
        if found is not Preflight.OK:
            trigger = Trigger.WITHDRAWN if found is Preflight.GONE else Trigger.VOIDED
            await self._work.return_to_review(
                job, trigger=trigger, reason=found.value, at=self._clock.now()
            )
            return
        send_before = self._clock.monotonic() + steps.SEND_DEADLINE_SECONDS
        attempt = await self._work.begin_attempt(job, at=self._clock.now())
        if attempt is None:
            return
        posted = await platform.reply(self._posting(job, attempt=attempt, send_before=send_before))
        self._observer.attempted(self._kinds[job.source], posted.outcome)
        await self._settle(job, self._after_call(job, posted, platform))

    def _after_call(self, job: Job, posted: Posted, platform: ReplyPlatform) -> Settlement:
        settled = steps.after_call(job, posted, platform.capabilities, now=self._clock.now())
        is_retry = settled.may_repeat or settled.outcome is AttemptOutcome.NOT_SENT
        if is_retry and settled.next_in is not None:
            spread = settled.next_in * self._random.uniform(0.9, 1.1)
            return replace(settled, next_in=spread)
        return settled

    async def _look(self, job: Job, platform: ReplyPlatform) -> None:
        posting = self._posting(job)
        found = await platform.read_back(posting) if platform.capabilities.reads_back else None
        matches = [] if found is None else steps.matching(job, found.replies)
        kind = self._kinds[job.source]
        if len(matches) > 1:
            self._observer.duplicate_found(kind, job.engagement_id)
        if platform.capabilities.reads_back:
            missing = "inconclusive" if found is None or not found.is_complete else "absent"
            self._observer.looked(kind, "found" if matches else missing)
        now = self._clock.now()
        await self._settle(job, steps.after_look(job, found, platform.capabilities, now=now))

    async def _settle(self, job: Job, settlement: Settlement) -> None:
        await self._work.settle(job, settlement, at=self._clock.now())

    def _posting(self, job: Job, *, attempt: int = 0, send_before: float = 0.0) -> Posting:
        return Posting(
            reply_id=job.reply_id,
            attempt=attempt or (job.last.number if job.last else 0),
            idempotency_key=steps.idempotency_key(job),
            text=job.text,
            comment_id=job.comment.comment_id,
            thread_id=job.comment.thread_id,
            root_id=job.comment.root_id,
            author_name=job.comment.author.name,
            page_url=job.comment.page.url if job.comment.page else None,
            permalink=job.comment.permalink,
            send_before=send_before,
        )
