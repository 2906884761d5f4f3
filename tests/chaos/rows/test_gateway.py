"""Senders that mean harm, or only stutter, before the gateway of a whole Responder."""

import asyncio
import gzip
import json
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio

from responder.platforms.signatures import sign_standard
from responder.testing.caller import Caller, calling, now
from responder.testing.load import Load
from responder.testing.running import Running, eventually, installation
from tests.chaos.rows.kit import (
    CONFIGURATION,
    all_stand_once,
    door,
    in_ledger,
    sending,
    verified,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHERS = 40
HOSTILE = 25
"""Senders of each kind, all at once."""
MORE_MEMORY_KIB = 64 * 1024


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Running]:
    with installation(CONFIGURATION) as running:
        await running.start()
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def caller(running: Running) -> AsyncIterator[Caller]:
    async with calling(running) as caller:
        yield caller


def signed(secret: str, body: bytes, message_id: str | None = None) -> dict[str, str]:
    message_id, at = message_id or f"msg_{secrets.token_hex(8)}", int(datetime.now(UTC).timestamp())  # noqa: TID251 - the world's
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": sign_standard(secret, message_id, at, body),
    }


def commented(name: str, **more: object) -> bytes:
    said = {
        "comment_id": name,
        "text": f"Who will read {name} in the end?",
        "author": {"id": "ann", "name": "Ann"},
        "published_at": now(),
        **more,
    }
    event = {"type": "engagement.received.v1", "timestamp": now(), "data": said}
    return json.dumps(event).encode()


class Hostile:
    """A sender that speaks bytes, and hears what status it gets; 0: the connection is closed."""

    def __init__(self, running: Running) -> None:
        self._at = urlsplit(door(running).address)

    async def status(self, head: bytes, body: bytes = b"") -> int:
        reader, writer = await asyncio.open_connection(self._at.hostname, self._at.port)
        try:
            with suppress(OSError):  # it may be refused before it has said everything
                writer.write(self._request(head) + body)
                await writer.drain()
            answer = await reader.readline()
            return int(answer.split()[1]) if answer else 0
        except ConnectionResetError:
            return 0
        finally:
            writer.transport.abort()

    async def dawdle(self, head: bytes) -> None:
        """Say this much, and nothing more, until cancelled."""
        _, writer = await asyncio.open_connection(self._at.hostname, self._at.port)
        try:
            writer.write(head)
            await asyncio.Event().wait()
        finally:
            writer.transport.abort()

    def _request(self, head: bytes) -> bytes:
        line = f"POST {self._at.path} HTTP/1.1\r\nHost: {self._at.netloc}\r\n".encode()
        return line + b"Content-Type: application/json\r\n" + head + b"\r\n"


@pytest.mark.fault(3)
@pytest.mark.promise(6)
async def test_hostile_senders_cost_little_memory_and_others_are_taken_as_before(
    running: Running,
) -> None:
    hostile = Hostile(running)
    _forget_the_peak(running.pid)
    before = _kib(running.pid, "VmRSS")
    dawdling = [
        asyncio.create_task(hostile.dawdle(head))
        for head in (b"POST /in/forum", b"POST /in/forum HTTP/1.1\r\nContent-Length: 99\r\n\r\n{")
        for _ in range(HOSTILE)
    ]
    async with sending() as http:
        load = Load(door(running), "among-hostile", http)
        attacked, _ = await asyncio.gather(_attack(hostile), load.push_many(OTHERS))
    for each in dawdling:
        each.cancel()
    assert attacked == Counter({413: HOSTILE, 431: HOSTILE, 415: HOSTILE})
    assert _kib(running.pid, "VmHWM") - before < MORE_MEMORY_KIB
    await all_stand_once(in_ledger(running), load.acknowledged)


async def _attack(hostile: Hostile) -> Counter[int]:
    bomb = gzip.compress(b"0" * 50_000_000)
    ways: list[Awaitable[int]] = []
    for _ in range(HOSTILE):
        ways += [
            hostile.status(b"Content-Length: 10000000\r\n", b"x" * 10_000_000),
            hostile.status(b"X-Header: x\r\n" * 100_000),
            hostile.status(b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(bomb), bomb),
        ]
    return Counter(await asyncio.gather(*ways))


def _kib(pid: int, name: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1])


def _forget_the_peak(pid: int) -> None:
    """Of resident memory. Source: proc_pid_clear_refs(5)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


@pytest.mark.fault(4)
@pytest.mark.promise(2)
async def test_one_comment_that_is_pushed_fifty_times_at_once_is_one_comment(
    running: Running, caller: Caller
) -> None:
    body = commented("fifty")
    headers = signed(door(running).secret, body)
    await asyncio.gather(*(_taken(caller, body, headers) for _ in range(50)))
    await all_stand_once(in_ledger(running), {"fifty"})
    assert (await caller.queue()).balance.unaccounted == 0


@pytest.mark.fault(4)
@pytest.mark.promise(1)
async def test_two_bodies_under_one_delivery_id_both_stand_and_the_conflict_is_shown(
    running: Running, caller: Caller
) -> None:
    for name in ("said-first", "said-later"):
        body = commented(name)
        await _taken(caller, body, signed(door(running).secret, body, "one-and-the-same"))
    await all_stand_once(in_ledger(running), {"said-first", "said-later"})
    link = (await running.command("user", "link", "Admin")).said
    await caller.ask("POST", re.findall(r"http\S+/sign-in/\S+", link)[0])

    async def shown() -> bool:
        page = await caller.ask("GET", running.ready.console_url + "/sources/forum")
        return "one-and-the-same" in page.body

    await eventually(shown)


UNREADABLE = {
    "no UTF-8": b"\xff\xfe{}",
    "NaN": b'{"type": NaN}',
    "beyond all numbers": b'{"type": "engagement.received.v1", "data": {"published_at": 1e400}}',
    "NUL": b'{"type": "engagement.received.v1\x00"}',
    "half a surrogate": b'{"type": "engagement.received.v1", "data": {"text": "\\ud800"}}',
    "10,000 deep": b"[" * 10_000,
}


@pytest.mark.fault(5)
@pytest.mark.promise(7)
async def test_what_is_signed_and_cannot_be_read_is_taken_and_open(
    running: Running, caller: Caller
) -> None:
    before = (await caller.queue()).balance
    for body in UNREADABLE.values():
        await _taken(caller, body, signed(door(running).secret, body))

    async def unreadable() -> int:
        return (await caller.queue()).balance.unreadable

    await eventually(unreadable, lambda count: count == before.unreadable + len(UNREADABLE))
    after = (await caller.queue()).balance
    assert (after.open - before.open, after.unaccounted) == (len(UNREADABLE), 0)


@pytest.mark.fault(35)
@pytest.mark.parametrize(
    ("name", "published"),
    [("from-the-future", "2099-12-31T23:59:59Z"), ("from-1970", "1970-01-01T00:00:00Z")],
)
async def test_a_time_that_cannot_be_is_kept_as_given_and_the_clock_runs_from_the_arrival(
    running: Running, caller: Caller, name: str, published: str
) -> None:
    body = commented(name, published_at=published)
    await _taken(caller, body, signed(door(running).secret, body))
    await all_stand_once(in_ledger(running), {name})
    ((kept, is_due_from_arrival),) = await running.sql(
        "SELECT published_at, due_at > received_at AND due_at < received_at + interval '30 days'"
        " FROM engagement WHERE comment_id = :name",
        name=name,
    )
    assert (kept, is_due_from_arrival) == (datetime.fromisoformat(published), True)
    shown = await caller.metrics()
    assert {name for (name, _), value in shown.items() if value < 0 and "seconds" in name} == set()


@pytest.mark.fault(35)
@pytest.mark.promise(7)
async def test_a_time_without_a_zone_is_no_time_and_the_push_is_open_as_unreadable(
    running: Running, caller: Caller
) -> None:
    """Guessing a zone would make a due time that nobody can explain."""
    before = (await caller.queue()).balance.unreadable
    body = commented("without-a-zone", published_at="2026-11-22T12:00:00")
    await _taken(caller, body, signed(door(running).secret, body))

    async def unreadable() -> int:
        return (await caller.queue()).balance.unreadable

    await eventually(unreadable, lambda count: count == before + 1)
    await verified(running)


async def _taken(caller: Caller, body: bytes, headers: Mapping[str, str]) -> None:
    """Pushed until it is, as senders do; what is not taken is told to come again."""

    async def status() -> int:
        url = caller.address("forum")
        try:
            answer = await caller.ask("POST", url, data=body, headers=headers)
        except aiohttp.ServerDisconnectedError:
            return 0
        assert answer.status in (202, 503)
        return answer.status

    await eventually(status, lambda found: found == 202)
