from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from typing_extensions import override

from responder.stream.log import Log, LogWriter, Partition
from responder.testing.clock import LoopClock, VirtualTimeLoop
from responder.testing.contracts.log import LogContract
from responder.testing.contracts.log_harness import (
    AppendingProcess,
    Limits,
    LocalMember,
    LogHarness,
    Member,
    Power,
)
from responder.testing.log import MAX_RECORD_BYTES, MemoryLog, MemoryServer, Timing

EVENT_LOOP = VirtualTimeLoop


@dataclass
class MortalMember(LocalMember):
    memory: MemoryLog | None = None

    @override
    async def kill(self) -> None:
        assert self.memory is not None
        self._stopping = True
        self.memory.thaw()
        await self.memory.kill()

    @override
    async def freeze(self) -> None:
        assert self.memory is not None
        self.memory.freeze()

    @override
    async def thaw(self) -> None:
        assert self.memory is not None
        self.memory.thaw()


class MemoryHarness:
    limits = Limits(
        session=10, poll_limit=60, pause_after=5, append=5, commit=5, start=1, stop=5, slack=1
    )
    max_record_bytes = MAX_RECORD_BYTES
    cannot: Mapping[Power, str] = {
        Power.KILL_SERVER: "memory is gone with its process",
        Power.KILL_WRITER: "memory is gone with its process",
        Power.WRONG_CREDENTIALS: "memory asks for none",
    }

    def __init__(self) -> None:
        self._server = MemoryServer(LoopClock(), Timing())
        self._topics = 0

    async def topic(self, partitions: int) -> str:
        self._topics += 1
        name = f"topic-{self._topics}"
        self._server.create(name, partitions)
        return name

    def log(self) -> Log:
        return self._server.consumer()

    async def writer(self) -> LogWriter:
        return self._server.writer()

    async def outsider(self, topic: str, group: str) -> Member:
        log = self._server.consumer()
        member = MortalMember(log, memory=log)
        await member.start(topic, group)
        return member

    async def outside_writer(self, topic: str) -> AppendingProcess:
        raise NotImplementedError

    def stranger(self) -> Log:
        raise NotImplementedError

    async def stop_server(self) -> None:
        self._server.down()

    async def start_server(self) -> None:
        self._server.up()

    async def kill_server(self) -> None:
        raise NotImplementedError

    async def pause_server(self) -> None:
        self._server.pause()

    async def resume_server(self) -> None:
        self._server.resume()

    async def corrupt(self, partition: Partition, offset: int) -> None:
        self._server.corrupt(partition, offset)


class TestMemoryLog(LogContract):
    @pytest.fixture
    @override
    async def harness(self) -> LogHarness:
        return MemoryHarness()
