"""The stories can fail: with a bug planted, some order shows it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.review import PostgresReviewTransaction, PostgresReviewWork
from responder.adapters.system import SystemIds
from responder.delivery.ports import Job
from responder.engagement.model import EngagementId
from responder.review.commands import SendAgain
from responder.review.decisions import AnyCommand
from responder.review.ports import Locked, ReviewWork
from responder.review.service import Decide, Review
from responder.testing.ledger import Bench
from responder.testing.passing_on import WorkPassedOn
from tests.chaos.interleavings.stories import STORIES
from tests.chaos.interleavings.telling import Theatre

SEEDS = 40


async def flaws_of(theatre: Theatre, name: str) -> list[str]:
    """Of the first order of this story that shows one."""
    story = next(each for each in STORIES if each.name == name)
    for seed in range(SEEDS):
        if flaws := await theatre.flaws(story, seed):
            return flaws
    return []


class WithoutVersions(Review):
    """Takes every form for one of now."""

    @override
    async def _decide(self, command: AnyCommand, decision: Decide[AnyCommand]) -> None:
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            fresh = replace(command, context=locked.context)
            if isinstance(fresh, SendAgain):
                fresh = replace(fresh, attempts=None)
            await tx.record(decision(locked, fresh, now=self._clock.now()))


class WithoutLocks(PostgresReviewWork):
    """Reads what a decision depends on, and locks nothing."""

    @override
    def begin(self) -> AbstractAsyncContextManager["PostgresReviewTransaction"]:
        return self._unlocked()

    @asynccontextmanager
    async def _unlocked(self) -> AsyncIterator[PostgresReviewTransaction]:
        async with transaction(self._engine) as connection:
            yield Unlocked(connection, self._desk, self._workspace())


class Unlocked(PostgresReviewTransaction):
    @override
    async def lock(self, engagement_id: EngagementId) -> Locked:
        return await self._desk.decidable(self._connection, engagement_id)


class PostsAnyway(WorkPassedOn):
    """Makes its attempt, whatever the ledger says against it."""

    @override
    async def begin_attempt(self, job: Job, *, at: datetime) -> int | None:
        return await self._work.begin_attempt(job, at=at) or 1


def review(bench: Bench, work: ReviewWork, kind: type[Review] = Review) -> Review:
    return kind(work=work, clock=bench.clock, ids=SystemIds(bench.clock))


def work(bench: Bench, kind: type[PostgresReviewWork] = PostgresReviewWork) -> PostgresReviewWork:
    return kind(bench.engine, bench.desk, workspace=lambda: bench.configuration)


async def test_a_decision_without_the_version_check_is_found(theatre: Theatre) -> None:
    theatre.bench.review = review(theatre.bench, work(theatre.bench), WithoutVersions)
    flaws = await flaws_of(theatre, "an edit comes between")
    assert any("had changed since it was shown" in each for each in flaws)


async def test_a_doubt_settled_by_what_was_seen_before_the_last_attempt_is_found(
    theatre: Theatre,
) -> None:
    theatre.bench.review = review(theatre.bench, work(theatre.bench), WithoutVersions)
    flaws = await flaws_of(theatre, "two settle a doubt")
    assert any("stands there 2 times" in each for each in flaws)


async def test_a_decision_without_a_lock_is_found(theatre: Theatre) -> None:
    theatre.bench.review = review(theatre.bench, work(theatre.bench, WithoutLocks))
    assert await flaws_of(theatre, "two approve")


async def test_a_delivery_that_posts_anyway_is_found(theatre: Theatre) -> None:
    theatre.delivery_work = PostsAnyway(theatre.bench.delivery_work)
    flaws = await flaws_of(theatre, "voided before it leaves")
    assert any("had changed since it was shown" in each for each in flaws)
