"""Drafting gives way while triage is far behind."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.delays import BELIEVED_SECONDS, StageDelays
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.missing import SETTLING_SECONDS
from responder.app.delays import LONG_SECONDS, TOLD_SECONDS, OthersDelay, OwnDelay
from responder.stream.runner import Health
from responder.testing.ledger import Bench

ONE, OTHER = UUID(int=1), UUID(int=2)


@dataclass
class Stage:
    """A consumer whose oldest unfinished record is so old."""

    delay: float | None

    def health(self) -> Health | None:
        if self.delay is None:
            return None
        return Health(
            poll_age=0.0,
            oldest_handler=None,
            delay=self.delay,
            rebalancing=None,
            has_joined=True,
            is_stopping=False,
            assigned=frozenset(),
            stopped=frozenset(),
        )


@pytest_asyncio.fixture
async def delays(bench: Bench) -> AsyncIterator[StageDelays]:
    yield StageDelays(bench.engine)


@pytest.fixture
def known(delays: StageDelays) -> OthersDelay:
    return OthersDelay("triage", delays)


async def told(delays: StageDelays, delay: float | None, member: UUID = ONE) -> None:
    await OwnDelay("triage", Stage(delay), delays, member=member).tell()


async def time_passes(engine: AsyncEngine, seconds: float) -> None:
    """For what was said: the server's clock is not ours to move."""
    async with transaction(engine) as connection:
        await connection.execute(
            text("UPDATE stage_delay SET told_at = told_at - :seconds * interval '1 second'"),
            {"seconds": seconds},
        )


async def test_a_stage_that_is_far_behind_is_known_to_be(
    delays: StageDelays, known: OthersDelay
) -> None:
    await told(delays, LONG_SECONDS)
    await known.look()
    assert known.is_long
    assert await delays.of("triage") == LONG_SECONDS


async def test_a_stage_that_is_a_little_behind_is_waited_for_and_goes_before_nobody(
    delays: StageDelays, known: OthersDelay
) -> None:
    """The audit misses nothing that it has not come to; drafts go on."""
    await told(delays, LONG_SECONDS - 0.1)
    await known.look()
    assert not known.is_long
    assert await delays.of("triage") == LONG_SECONDS - 0.1


def test_it_is_told_well_before_the_audit_misses_anything() -> None:
    assert TOLD_SECONDS + BELIEVED_SECONDS <= SETTLING_SECONDS


@pytest.mark.parametrize("delay", [None, 0.0, TOLD_SECONDS - 0.1])
async def test_a_stage_that_is_not_says_nothing(
    delays: StageDelays, known: OthersDelay, delay: float | None
) -> None:
    await told(delays, delay)
    await known.look()
    assert not known.is_long
    assert await delays.of("triage") == 0.0


async def test_one_member_that_is_far_behind_is_enough(delays: StageDelays) -> None:
    await told(delays, 90.0, member=ONE)
    await told(delays, 300.0, member=OTHER)
    await told(delays, 60.0, member=ONE)
    assert await delays.of("triage") == 300.0


async def test_a_word_that_nobody_repeats_is_over(
    bench: Bench, delays: StageDelays, known: OthersDelay
) -> None:
    await told(delays, 300.0, member=OTHER)
    await known.look()
    await time_passes(bench.engine, BELIEVED_SECONDS)
    await known.look()
    assert not known.is_long


async def test_who_is_gone_leaves_nothing_behind(bench: Bench, delays: StageDelays) -> None:
    await told(delays, 300.0, member=OTHER)
    await time_passes(bench.engine, BELIEVED_SECONDS)
    await told(delays, 90.0, member=ONE)
    async with transaction(bench.engine) as connection:
        rows = await connection.execute(text("SELECT member FROM stage_delay"))
        assert rows.scalars().all() == [ONE]


async def test_another_stage_is_not_meant(delays: StageDelays) -> None:
    await told(delays, 300.0)
    assert await delays.of("drafting") == 0.0
