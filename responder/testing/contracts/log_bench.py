"""What the contract rows stand on: everything a test starts on a harness is stopped with it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from responder.stream.log import LogWriter, NewRecord, Unknown, Unreachable
from responder.testing.contracts.log_harness import LocalMember, LogHarness, Power

GROUP = "contract"
LONG_SECONDS = 60.0


async def until(fact: Callable[[], object], *, within: float, what: str) -> None:
    """Wait for `fact`; the test fails, naming it, when it does not come true `within` seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not fact():
        assert loop.time() < deadline, f"not within {within:.0f} s: {what}"
        await asyncio.sleep(0.02)


async def append(writer: LogWriter, topic: str, values: Sequence[bytes], key: bytes = b"k") -> None:
    await writer.append([NewRecord(topic, key, value) for value in values])


async def append_whatever_happens(writer: LogWriter, record: NewRecord) -> None:
    """Append until acknowledged, as the outbox does: it may then be there twice."""
    while True:
        try:
            await writer.append([record])
        except (Unknown, Unreachable):
            await asyncio.sleep(0.05)
        else:
            return


def numbered(prefix: str, count: int) -> list[bytes]:
    return [f"{prefix}-{n}".encode() for n in range(count)]


class Bench:
    """A harness with everything that a test started on it, so that all of it is stopped."""

    def __init__(self, harness: LogHarness) -> None:
        self.harness = harness
        self.limits = harness.limits
        self.members: list[LocalMember] = []
        self._writers: list[LogWriter] = []

    def need(self, *powers: Power) -> None:
        for power in powers:
            if power in self.harness.cannot:
                pytest.skip(f"cannot {power.value}: {self.harness.cannot[power]}")

    async def writer(self) -> LogWriter:
        writer = await self.harness.writer()
        self._writers.append(writer)
        return writer

    async def member(
        self, topic: str, group: str = GROUP, *, member: LocalMember | None = None
    ) -> LocalMember:
        member = member or LocalMember(self.harness.log())
        self.members.append(member)
        await member.start(topic, group)
        return member

    async def close(self) -> None:
        for member in self.members:
            await member.stop()
        for writer in self._writers:
            await writer.stop()

    async def has(self, member: LocalMember, count: int, *, within: float = 0) -> None:
        await self.until(
            lambda: len(set(member.values)) >= count,
            within=within,
            what=f"{count} different records delivered",
        )

    async def until(self, fact: Callable[[], object], *, what: str, within: float = 0) -> None:
        await until(fact, within=within + self.limits.session + self.limits.slack, what=what)

    async def owns(self, member: LocalMember, count: int) -> None:
        await self.until(lambda: len(member.owned) == count, what=f"{count} partitions owned")

    async def alone(self, topic: str, group: str = GROUP) -> LocalMember:
        """A member that owns every partition of a topic with one partition."""
        member = await self.member(topic, group)
        await self.owns(member, 1)
        return member


class LogCase:
    """What each part of the suite stands on; a subclass overrides `harness`."""

    @pytest.fixture
    def harness(self) -> LogHarness:
        raise NotImplementedError("the adapter's test class gives the harness")

    @pytest.fixture
    async def bench(self, harness: LogHarness) -> AsyncIterator[Bench]:
        bench = Bench(harness)
        yield bench
        await bench.close()
