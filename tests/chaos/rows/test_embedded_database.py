"""The database of `responder up` is killed, hangs, or has no room: where it also keeps the log.

Nothing can be taken meanwhile, and every push is told so; afterwards all goes on by itself.
"""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from responder.testing.caller import Caller, calling
from responder.testing.disks import DiskUnavailable, full, small_disk
from responder.testing.load import Load
from responder.testing.running import Running, eventually, installation
from tests.chaos.rows.kit import (
    CONFIGURATION,
    all_stand_once,
    door,
    in_ledger,
    sending,
    so_many,
    verified,
)

HANGS_SECONDS = 30.0
SMALL_DISK_MEGABYTES = 320


def refused(load: Load) -> int:
    """Pushes that were told to come again, as every one that was not taken must have been.

    With 429 where the repeats of all of them were too many for one source.
    """
    assert set(load.statuses) <= {202, 429, 503}
    assert all(each.retry_after for each in load.answers if each.status != 202)
    return load.statuses[503]


@pytest.mark.fault(7)
@pytest.mark.promise(1, 5)
async def test_killed_under_load_it_comes_back_and_nothing_acknowledged_is_missing(
    fresh: Running,
) -> None:
    await fresh.start()
    async with sending() as http:
        load = Load(door(fresh), "killed", http, threads=5)
        async with load.steadily(20):
            for turn in (1, 2):
                await so_many(30 * turn, lambda: len(load.acknowledged))
                fresh.kill_database()
        refused(load)
        await load.push()
    await all_stand_once(in_ledger(fresh), load.acknowledged)
    await verified(fresh)


@pytest.mark.fault(8)
@pytest.mark.promise(5)
@pytest.mark.chaos
async def test_while_it_hangs_pushes_are_refused_pages_say_so_and_nobody_restarts_anything(
    fresh: Running,
) -> None:
    await fresh.start()
    async with sending() as http, calling(fresh) as caller:
        load = Load(door(fresh), "hung", http)
        async with load.steadily(10):
            await so_many(20, lambda: len(load.acknowledged))
            fresh.signal_database(signal.SIGSTOP)
            try:
                await _nobody_restarts_it(caller)
                assert (await caller.api("GET", "/engagements")).status == 503
            finally:
                fresh.signal_database(signal.SIGCONT)
        assert refused(load) > 0
    await all_stand_once(in_ledger(fresh), load.acknowledged)
    await verified(fresh)


async def _nobody_restarts_it(caller: Caller) -> None:
    """For as long as it hangs, the liveness probe is green."""
    livez = caller.ready.metrics_url.removesuffix("/metrics") + "/livez"
    loop = asyncio.get_running_loop()
    until = loop.time() + HANGS_SECONDS
    while loop.time() < until:
        assert (await caller.ask("GET", livez)).status == 200
        await asyncio.sleep(1)  # the pace of a probe


@pytest.fixture
def on_a_small_disk() -> Iterator[Running]:
    """Its data folder has a disk of its own."""
    try:
        with small_disk(SMALL_DISK_MEGABYTES) as disk, installation(CONFIGURATION) as running:
            running.data = disk / "data"
            yield running
            running.kill(with_database=True)
    except DiskUnavailable as missing:
        pytest.skip(f"NO DISK OF ITS OWN: {missing}")


@pytest.mark.fault(10)
@pytest.mark.promise(1, 5)
async def test_without_room_on_its_disk_pushes_are_refused_and_with_room_all_goes_on_by_itself(
    on_a_small_disk: Running,
) -> None:
    await on_a_small_disk.start()
    async with sending() as http:
        load = Load(door(on_a_small_disk), "full", http)
        async with load.steadily(20):
            await so_many(20, lambda: len(load.acknowledged))
            with full(on_a_small_disk.data):
                await so_many(20, lambda: refused(load))
        refused(load)
    await all_stand_once(in_ledger(on_a_small_disk), load.acknowledged)
    await eventually(lambda: _is_alive(on_a_small_disk))
    await verified(on_a_small_disk)


async def _is_alive(running: Running) -> bool:
    async with calling(running) as caller:
        answer = await caller.api("GET", "/engagements")
    return answer.status == 200
