"""What the tests of rows ask of a Responder after a fault, whatever it runs on."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import aiohttp
import asyncpg

from responder.adapters.postgres.dsn import Dsn
from responder.testing.load import Door
from responder.testing.running import Running, eventually

RECOVERY_SECONDS = 180.0
"""Two minutes are promised; a minute more on a machine that does eight other things."""

Names = Callable[[], Awaitable[list[str]]]

CONFIGURATION = """
[queues.default]
sla = "two-hours"

[sla.two-hours]
target = "2h"

[sources.guestbook]
platform = "guestbook"
title = "Guestbook"

[sources.forum]
platform = "webhook"

[[knowledge]]
id = "opening-hours"
title = "Opening hours of the shop"
text = "The shop is open from Monday to Friday, 10:00 to 18:00."
url = "https://example.org/shop"
language = "en"
"""


def door(running: Running, source: str = "forum") -> Door:
    keys = running.keys(source)
    return Door(
        url=running.ready.console_url,
        source=source,
        address_token=keys.address_token,
        secret=keys.webhook_secret,
    )


def in_ledger(running: Running) -> Names:
    """The comments that stand in the ledger, as often as they stand there."""

    async def names() -> list[str]:
        return [row[0] for row in await running.sql("SELECT comment_id FROM engagement")]

    return names


@asynccontextmanager
async def connected(database: Dsn) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else in the same database."""
    connection = await asyncpg.connect(database.url())
    try:
        yield connection
    finally:
        await connection.close()


def in_database(database: Dsn) -> Names:
    """The comments of the ledger, where it is in no database of Responder's own."""

    async def names() -> list[str]:
        async with connected(database) as ledger:
            return [row[0] for row in await ledger.fetch("SELECT comment_id FROM engagement")]

    return names


async def all_stand_once(
    names: Names, acknowledged: Iterable[str], within: float = RECOVERY_SECONDS
) -> None:
    """Wait until each of them is there, and see that none is there twice."""

    async def missing() -> set[str]:
        return set(acknowledged) - set(await names())

    await eventually(missing, lambda found: not found, within)
    assert [name for name, count in Counter(await names()).items() if count > 1] == []


async def verified(running: Running) -> None:
    """Nothing is missing, the counts are right, the record of changes holds."""
    said = await running.command("audit", "verify")
    assert said.code == 0, said.said


async def so_many(count: int, of: Callable[[], int], within: float = RECOVERY_SECONDS) -> None:
    """Wait until there are as many of something."""

    async def ask() -> int:
        return of()

    await eventually(ask, lambda found: found >= count, within)


@asynccontextmanager
async def sending() -> AsyncIterator[aiohttp.ClientSession]:
    """With room for many pushes that wait."""
    connector = aiohttp.TCPConnector(limit=200)
    async with aiohttp.ClientSession(connector=connector) as http:
        yield http
