"""Thousands of approvals, and peers that die, lie, delay, repeat themselves, throttle, move, come and go.

Several workers deliver at once, and die or are stopped between any two steps. In the end, by what
stands at the peers: at most one reply for each approval, none without one, and each approval is
answered or waits before a person with its reason.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from typing_extensions import override

from responder.adapters.postgres.dsn import Dsn
from responder.delivery.ports import AttemptOutcome, Posted, Posting
from responder.testing.ledger import migrated
from responder.testing.passing_on import PlatformPassedOn
from responder.testing.postgres import TestServer
from tests.chaos.approvals.reckoning import reckon
from tests.chaos.approvals.world import open_world

SEED = 5
EACH = 520
"""Approvals at each of the four places."""
FEW = 30


@pytest_asyncio.fixture
async def ledger(postgres_server: TestServer) -> AsyncIterator[Dsn]:
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    yield database
    await postgres_server.drop(database)


@pytest.mark.fault(29, 30, 31, 44)
@pytest.mark.promise(2)
async def test_each_of_two_thousand_approvals_is_posted_once_at_most_and_none_is_lost(
    ledger: Dsn,
) -> None:
    async with open_world(ledger, SEED) as world:
        await world.approves(EACH)
        await world.changes_its_mind(10)
        await world.works()
        await world.bench.audited()
        reckoning = await reckon(world)
        assert len(world.approved) >= 2_000
        assert not reckoning.flaws, f"seed {SEED}: {reckoning.flaws}; {reckoning.counted}"
        assert reckoning.counted.total() == len(world.approved)


class RetriesBlindly(PlatformPassedOn):
    """Takes doubt for proof that nothing was posted."""

    @override
    async def reply(self, posting: Posting) -> Posted:
        posted = await super().reply(posting)
        if posted.outcome is AttemptOutcome.UNKNOWN:
            return replace(posted, outcome=AttemptOutcome.NOT_SENT)
        return posted


class ForgetsTheTime(PlatformPassedOn):
    """Posts however late it has become."""

    @override
    async def reply(self, posting: Posting) -> Posted:
        return await super().reply(replace(posting, send_before=float("inf")))


async def test_a_blind_retry_is_found_at_the_peers(ledger: Dsn) -> None:
    async with open_world(ledger, SEED, names=["listed", "mute"], wrap=RetriesBlindly) as world:
        await world.approves(FEW)
        await world.works()
        assert (await reckon(world)).twice


async def test_a_worker_that_posts_after_its_time_is_found_at_the_peers(ledger: Dsn) -> None:
    async with open_world(ledger, SEED, names=["listed"], stops=0.5, wrap=ForgetsTheTime) as world:
        await world.approves(FEW)
        await world.works()
        assert (await reckon(world)).twice
