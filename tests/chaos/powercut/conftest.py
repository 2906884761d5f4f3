"""Disks whose power can be cut; where that is impossible the tests are skipped and say so."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from responder.testing.disks import Disk, DiskUnavailable, disk

MakeDisk = Callable[[int], Disk]


@pytest.fixture(scope="session", autouse=True)
def _ends_as_by_ctrl_c() -> Iterator[None]:
    """Told to end, a run unmounts and ends what it has started."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def make_disk() -> Iterator[MakeDisk]:
    """Gives a mounted disk of so many megabytes."""
    with ExitStack() as stack:

        def make(megabytes: int) -> Disk:
            try:
                return stack.enter_context(disk(megabytes))
            except DiskUnavailable as missing:
                pytest.skip(f"NO POWER TO CUT: {missing}")

        yield make
