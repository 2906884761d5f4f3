"""The clock of the machine is set while Responder runs: ahead, back, too fast, standing still.

Only the wall clock, and only of our process: the database has its own. By `libfaketime`, which lets
a file say what time it is; monotonic clocks go on, as they do when a clock is set.
"""

import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import pytest_asyncio

from responder.adapters.postgres.dsn import Dsn
from responder.platforms.signatures import sign_standard
from responder.testing.caller import Caller, calling, now
from responder.testing.postgres import TestServer
from responder.testing.running import Running, eventually, installation
from tests.chaos.rows.kit import CONFIGURATION, connected, verified

pytestmark = [pytest.mark.fault(34), pytest.mark.asyncio(loop_scope="module")]

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
TRUE = "+0 x1"
STANDING_STILL = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")  # noqa: TID251 - the world's
CLOCKS = {
    "two hours ahead": "+2h x1",
    "three hours behind": "-3h x1",
    "ten times as fast": "+0 x10",
    "standing still": STANDING_STILL,
}
TOLERANCE_SECONDS = 300.0
TARGET_SECONDS = 120.0
"""How far a due time may be from what it would have been; the clocks are off by hours."""


@dataclass(frozen=True, slots=True)
class Faked:
    """A Responder whose wall clock says what a file says."""

    running: Running
    caller: Caller
    database: Dsn
    _file: Path

    def set(self, clock: str) -> None:
        self._file.write_text(clock + "\n", encoding="ascii")

    async def time(self) -> int:
        """What time it believes it is, in seconds since 1970."""
        answer = await self.caller.ask("GET", self.running.ready.console_url)
        return int(parsedate_to_datetime(answer.headers["Date"]).timestamp())

    async def push(self, name: str, at: int) -> int:
        """The status of a push that was signed then."""
        said = {
            "comment_id": name,
            "text": f"When does {name} begin?",
            "author": {"id": "ann", "name": "Ann"},
            "published_at": now(),
        }
        body = json.dumps({"type": "engagement.received.v1", "timestamp": now(), "data": said})
        message_id = f"msg_{secrets.token_hex(8)}"
        secret = self.running.keys("guestbook").webhook_secret
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": sign_standard(secret, message_id, at, body.encode()),
        }
        url = self.caller.address("guestbook")
        return (await self.caller.ask("POST", url, data=body, headers=headers)).status

    async def due_in_seconds(self, name: str) -> float:
        """By the database's clock, from when it was taken in."""
        async with connected(self.database) as ledger:
            query = """
                SELECT extract(epoch FROM due_at - now())::float8 FROM engagement
                WHERE comment_id = $1
                """
            found: float = await ledger.fetchval(query, name)
            return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def faked(
    postgres_server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Faked]:
    if not LIBRARIES:
        pytest.skip("NO CLOCK TO SET: Debian's `faketime` is not installed")
    database = await postgres_server.fresh()
    file = tmp_path_factory.mktemp("clock") / "says"
    file.write_text(TRUE + "\n", encoding="ascii")
    settings = {
        "RESPONDER_DATABASE__URL": database.url(),
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }
    with installation(CONFIGURATION, settings) as running:
        await running.start()
        async with calling(running) as caller:
            yield Faked(running, caller, database, file)
            file.write_text(TRUE + "\n", encoding="ascii")
            await verified(running)
        running.kill()


@pytest.mark.parametrize("clock", CLOCKS)
async def test_whatever_the_clock_says_a_comment_is_taken_due_and_answered_as_ever(
    faked: Faked, clock: str
) -> None:
    before, name = f"{clock} before".replace(" ", "-"), clock.replace(" ", "-")
    await _taken(faked, before)
    target = await faked.due_in_seconds(before)
    faked.set(CLOCKS[clock])
    try:
        await _taken(faked, name)
        assert abs(await faked.due_in_seconds(name) - target) < TARGET_SECONDS
        arrived = await faked.caller.arrived(f"When does {name} begin?")
        await faked.caller.approve(arrived, "At eight.")
        await faked.caller.becomes(arrived, "answered")
        shown = await faked.caller.metrics()
    finally:
        faked.set(TRUE)
    durations = {name: value for (name, _), value in shown.items() if name.endswith("_seconds")}
    assert {name for name, value in durations.items() if value < 0} == set()
    assert shown["responder_conservation_drift_items", ()] == 0


@pytest.mark.parametrize("clock", ["two hours ahead", "three hours behind"])
async def test_a_push_from_outside_the_tolerance_of_a_wrong_clock_is_refused(
    faked: Faked, clock: str
) -> None:
    """Its sender tries again: once the clock is right, it is taken."""
    name = f"{clock} refused".replace(" ", "-")
    true = int(datetime.now(UTC).timestamp())  # noqa: TID251 - the world's
    faked.set(CLOCKS[clock])
    try:
        assert abs(await faked.time() - true) > TOLERANCE_SECONDS
        assert await faked.push(name, true) == 401
    finally:
        faked.set(TRUE)
    await _taken(faked, name)


async def _taken(faked: Faked, name: str) -> None:
    """Signed by a sender whose clock agrees; pushed until it is taken, and then in the ledger."""

    async def status() -> int:
        return await faked.push(name, await faked.time())

    await eventually(status, lambda found: found == 202)
    await faked.caller.arrived(f"When does {name} begin?")
