"""What would go wrong is found: each of these breaks one rule of the path on purpose."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from typing_extensions import override

from responder.adapters.postgres.relay import Connection, OutboxRelay, _mark
from responder.delivery.ports import (
    AttemptOutcome,
    Job,
    Posted,
    Posting,
    Preflight,
    Settlement,
)
from responder.drafting.ports import DraftClaim
from responder.engagement.model import EngagementId, EventId, ReplyId
from responder.stream.log import Assignment, NewRecord, Position, Record, TopicClosed
from responder.testing.failpoints.points import Doom
from responder.testing.failpoints.stages import Plant, Ports
from responder.testing.failpoints.trials import Scenario, Trials
from responder.testing.postgres import TestServer


class Around:
    """A port whose calls are those of another one, but for what is said anew."""

    def __init__(self, port: Any) -> None:
        self.port = port

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)


class AcknowledgesFirst(Around):
    """Answers, and appends a moment later."""

    async def append(self, records: Sequence[NewRecord]) -> list[Position]:
        later = asyncio.create_task(self.port.append(records))
        later.add_done_callback(lambda done: done.cancelled() or done.exception())
        return []


class MarksFirst(OutboxRelay):
    """Marks what it has not published yet."""

    @override
    async def _send(self, connection: Connection, rows: Sequence[Any]) -> TopicClosed | None:
        await _mark(connection, rows)
        return await super()._send(connection, rows)


class CommitsWhatItReads(Around):
    """As a client does that commits by itself."""

    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        found: Mapping[Assignment, Sequence[Record]] = await self.port.poll(room, wait)
        if found:
            await self.port.commit(
                {each: records[-1].offset + 1 for each, records in found.items()}
            )
        return found


class RemembersNoEvent(Around):
    """Drafts without an inbox: every delivery of an event is a new one."""

    times = count()

    async def claim(self, event_id: EventId, engagement_id: EngagementId) -> DraftClaim:
        anew = f"{event_id} for the time {next(self.times)}"
        claim: DraftClaim = await self.port.claim(anew, engagement_id)
        return claim


class PostsFirst(Around):
    """Posts before anybody has recorded that it will."""

    async def preflight(self, posting: Posting) -> Preflight:
        self.posted: Posted = await self.port.reply(posting)
        return Preflight.OK

    async def reply(self, _: Posting) -> Posted:
        return self.posted


class TriesAgainBlindly(Around):
    """Takes a call without an answer for one that was not made."""

    async def claim(
        self, reply_id: ReplyId | None, *, at: datetime, lease_seconds: float
    ) -> Job | None:
        job: Job | None = await self.port.claim(reply_id, at=at, lease_seconds=lease_seconds)
        if job is None or job.last is None or job.last.outcome is not None:
            return job
        again = Settlement(outcome=AttemptOutcome.NOT_SENT, next_in=0.0)
        await self.port.settle(job, again, at=at)
        return await self.claim(reply_id, at=at, lease_seconds=lease_seconds)


def around(port: str, other: Callable[[Any], Any]) -> Plant:
    """Puts this around a port."""

    def plant(ports: Ports) -> None:
        setattr(ports, port, other(getattr(ports, port)))

    return plant


def around_each_log(make: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: CommitsWhatItReads(make())


PLANTED = {
    "acknowledged before it is stored": (
        around("writer", AcknowledgesFirst),
        "before log append",
        "it was acknowledged and is lost",
    ),
    "offset committed before the effect": (
        around("log", around_each_log),
        " triage: ",
        "triage has committed past it",
    ),
    "marked before it is published": (
        around("relay", lambda _: MarksFirst),
        " relay: ",
        "were due, and 0 came",
    ),
    "no inbox": (
        around("drafting", RemembersNoEvent),
        " drafting: ",
        "it has 2 drafts",
    ),
    "posted without an attempt": (
        around("platform", PostsFirst),
        " delivery: ",
        "a reply stands without an attempt",
    ),
    "posted again in doubt": (
        around("delivery", TriesAgainBlindly),
        " delivery: ",
        "2 stand, 1 approved",
    ),
}


@pytest.mark.fault(20, 43)
@pytest.mark.parametrize(("plant", "where", "what"), PLANTED.values(), ids=PLANTED)
async def test_a_bug_in_the_path_is_found(
    postgres_server: TestServer, plant: Plant, where: str, what: str
) -> None:
    trials = Trials(postgres_server, Scenario(plant=plant))
    points = await trials.points(lambda point: where in str(point))
    wrong = await trials.wrong([Doom(point.number)] for point in points)
    assert any(what in line for line in wrong), wrong
