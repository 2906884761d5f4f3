"""The long runs: an hour of faults, and ten minutes of them."""

import secrets
from collections import Counter
from pathlib import Path

import pytest

from responder.testing.kafka import KafkaCluster
from responder.testing.postgres import TestServer
from tests.chaos.soak.walk import walking

pytestmark = pytest.mark.kafka

WALK_SECONDS = 600.0
GROWTH = 1.25
"""How much more a process may hold in the last third than in the first; what leaks, grows on."""
FEWEST = 30
"""With less than that many looks a third is chance."""


@pytest.mark.soak
@pytest.mark.promise(1, 2, 3, 5)
async def test_whatever_fails_for_as_long_as_was_asked_everything_holds_and_memory_stays_flat(
    brokers: KafkaCluster, mortal_server: TestServer, tmp_path: Path, minutes: float
) -> None:
    held = await _walked(brokers, mortal_server, tmp_path, minutes * 60)
    third = len(held) // 3
    if len(held) >= FEWEST:
        assert max(held[-third:]) <= GROWTH * max(held[:third])


@pytest.mark.chaos
@pytest.mark.fault(40)
@pytest.mark.promise(1, 2, 3)
async def test_a_random_walk_over_the_faults_leaves_everything_whole(
    brokers: KafkaCluster, mortal_server: TestServer, tmp_path: Path
) -> None:
    await _walked(brokers, mortal_server, tmp_path, WALK_SECONDS)


async def _walked(
    brokers: KafkaCluster, postgres: TestServer, folder: Path, seconds: float
) -> list[float]:
    seed = secrets.randbelow(1_000_000)
    print(f"seed {seed}")  # noqa: T201 - to take the same walk again
    async with walking(folder, brokers, postgres, seed) as walk:
        await walk.walk(seconds)
    print(f"{len(walk.taken)} faults: {dict(Counter(walk.taken))}")  # noqa: T201
    return walk.held
