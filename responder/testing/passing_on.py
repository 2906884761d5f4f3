"""Delivery's two ports as they are, to change one call of them: by a fault, a pause, or a planted bug."""

from datetime import datetime

from responder.delivery.ports import (
    Capabilities,
    DeliveryWork,
    Job,
    Posted,
    Posting,
    Preflight,
    ReadBack,
    ReplyPlatform,
    Settlement,
)
from responder.engagement.events import Event, ReplyPosted
from responder.engagement.lifecycle import Trigger
from responder.engagement.model import ReplyId


class WorkPassedOn:
    """`delivery.ports.DeliveryWork`, by another one."""

    def __init__(self, work: DeliveryWork) -> None:
        self._work = work

    async def claim(
        self, reply_id: ReplyId | None, *, at: datetime, lease_seconds: float
    ) -> Job | None:
        return await self._work.claim(reply_id, at=at, lease_seconds=lease_seconds)

    async def begin_attempt(self, job: Job, *, at: datetime) -> int | None:
        return await self._work.begin_attempt(job, at=at)

    async def settle(self, job: Job, settlement: Settlement, *, at: datetime) -> None:
        await self._work.settle(job, settlement, at=at)

    async def return_to_review(
        self, job: Job, *, trigger: Trigger, reason: str, at: datetime
    ) -> None:
        await self._work.return_to_review(job, trigger=trigger, reason=reason, at=at)

    async def postpone(self, job: Job, *, until: datetime) -> None:
        await self._work.postpone(job, until=until)

    async def receipt(self, event: Event, data: ReplyPosted, *, at: datetime) -> bool:
        return await self._work.receipt(event, data, at=at)


class PlatformPassedOn:
    """`delivery.ports.ReplyPlatform`, by another one."""

    def __init__(self, platform: ReplyPlatform) -> None:
        self._platform = platform

    @property
    def capabilities(self) -> Capabilities:
        return self._platform.capabilities

    async def preflight(self, posting: Posting) -> Preflight:
        return await self._platform.preflight(posting)

    async def reply(self, posting: Posting) -> Posted:
        return await self._platform.reply(posting)

    async def read_back(self, posting: Posting) -> ReadBack | None:
        return await self._platform.read_back(posting)
