"""Delivery workers that die, and some that are stopped for a while and then go on as if nothing were."""

import asyncio
import random
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from typing_extensions import override

from responder.delivery.ports import (
    Capabilities,
    DeliveryWork,
    Job,
    LeaseLost,
    Posted,
    Posting,
    ReadBack,
    ReplyPlatform,
    Settlement,
)
from responder.delivery.service import Delivery
from responder.engagement.http import Http, Request, Result
from responder.engagement.model import ReplyId
from responder.testing.passing_on import PlatformPassedOn, WorkPassedOn

DEATHS = 0.03
"""At each of the moments between two steps."""
STOPS = 0.02
"""Between the record of an attempt and its call."""
PATIENCE_SECONDS = 0.5
"""How long a call may take, in real time: the peers know nothing of the moved clock."""


class Died(Exception):
    """The worker is no more; what it had recorded stands."""


@dataclass(slots=True, eq=False)
class Stopped:
    """One step of a worker that somebody stopped."""

    step: "asyncio.Task[bool]"
    until: datetime
    goes_on: "asyncio.Future[None]"


_STOP: ContextVar["asyncio.Future[asyncio.Future[None]]"] = ContextVar("stop")
"""Where a step says that it was stopped, and by what it can be let go on."""


class Fates:
    """Whom it hits is known beforehand: the seed, the comment, the moment, and how often it came."""

    def __init__(self, seed: int, *, stops: float) -> None:
        self._seed = seed
        self._stops = stops
        self._times: Counter[tuple[str, str]] = Counter()

    def survives(self, comment_id: str, moment: str) -> None:
        """Raises Died."""
        if self._throws(comment_id, moment) < DEATHS:
            raise Died

    async def is_not_stopped(self, comment_id: str) -> None:
        """Wait, if it is to be stopped here, until it is let go on."""
        if self._throws(comment_id, "stopped") < self._stops:
            goes_on: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            _STOP.get().set_result(goes_on)
            await goes_on

    def _throws(self, comment_id: str, moment: str) -> float:
        self._times[comment_id, moment] += 1
        which = f"{self._seed} {comment_id} {moment} {self._times[comment_id, moment]}"
        return random.Random(which).random()  # noqa: S311 - repeatable, no secret


class MortalWork(WorkPassedOn):
    """The ledger's side; after each transaction its worker may die."""

    def __init__(self, work: DeliveryWork, fates: Fates) -> None:
        super().__init__(work)
        self._fates = fates

    @override
    async def claim(
        self, reply_id: ReplyId | None, *, at: datetime, lease_seconds: float
    ) -> Job | None:
        job = await super().claim(reply_id, at=at, lease_seconds=lease_seconds)
        if job is not None:
            self._fates.survives(job.comment.comment_id, "claimed")
        return job

    @override
    async def begin_attempt(self, job: Job, *, at: datetime) -> int | None:
        attempt = await super().begin_attempt(job, at=at)
        self._fates.survives(job.comment.comment_id, "recorded")
        return attempt

    @override
    async def settle(self, job: Job, settlement: Settlement, *, at: datetime) -> None:
        self._fates.survives(job.comment.comment_id, "answered")
        await super().settle(job, settlement, at=at)
        self._fates.survives(job.comment.comment_id, "settled")


class MortalHands(PlatformPassedOn):
    """A platform whose caller may be stopped right before the call; it may also promise less."""

    def __init__(
        self, platform: ReplyPlatform, fates: Fates, capabilities: Capabilities | None = None
    ) -> None:
        super().__init__(platform)
        self._fates = fates
        self._capabilities = capabilities or platform.capabilities

    @property
    @override
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @override
    async def reply(self, posting: Posting) -> Posted:
        await self._fates.is_not_stopped(posting.comment_id)
        return await super().reply(posting)

    @override
    async def read_back(self, posting: Posting) -> ReadBack | None:
        return await super().read_back(posting) if self._capabilities.reads_back else None


class Impatient:
    """The real client, with less time for each call."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def send(self, request: Request) -> Result:
        return await self._http.send(replace(request, total_seconds=PATIENCE_SECONDS))


async def take_step(delivery: Delivery, now: datetime) -> bool | Stopped:
    """One step of a worker; False if nothing was due. Whoever dies or is too slow is replaced."""
    stop: asyncio.Future[asyncio.Future[None]] = asyncio.get_running_loop().create_future()
    _STOP.set(stop)
    step = asyncio.create_task(delivery.run())
    both: set[asyncio.Future[Any]] = {step, stop}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not step.done():
        return Stopped(step, now, stop.result())
    return await _outcome(step)


async def let_go_on(stopped: Stopped) -> None:
    stopped.goes_on.set_result(None)
    await _outcome(stopped.step)


async def _outcome(step: "asyncio.Task[bool]") -> bool:
    try:
        return await step
    except (Died, LeaseLost):
        return True
