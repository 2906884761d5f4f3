"""P5 and P5e: how many signed pushes a second are verified, parsed, stored, and answered 202."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.brokers import asked
from bench.databases import running_database
from bench.figures import OURS, Bar, Figure, Row, percentile
from bench.machine import conditions, versions
from bench.pushes import SECRET, pushed
from bench.setting import Setting
from responder.testing.roles import roles_on_kafka

BARE = "bare aiohttp"
COUNT = 20_000
PARTITIONS = 4
CONNECTIONS = 64
STEADY = 1_000
"""Pushes a second, for the time of an answer under a load that is no flood."""
STEADY_SECONDS = 10
CONFIGURATION = """
[sources.forum]
platform = "webhook"
"""


@dataclass(slots=True)
class Reached:
    """What one server reached, run by run."""

    rates: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    steady_p99_ms: list[float] = field(default_factory=list)
    void: list[str] = field(default_factory=list)


async def on_kafka(setting: Setting) -> Sequence[Row]:
    """P5: beside a bare handler that waits for `acks="all"`."""
    async with (
        setting.cluster() as cluster,
        asked(cluster) as broker,
        running_database() as database,
        AsyncExitStack() as up,
    ):
        await broker.create("bare", PARTITIONS)
        bare = await up.enter_async_context(_bare("kafka", cluster.bootstrap_servers, "bare"))
        ours = await up.enter_async_context(
            _ours(setting.folder, database.dsn.url(), cluster.bootstrap_servers)
        )
        reached = await _contest(setting, {OURS: ours, BARE: bare})
    return [
        *_rows("P5", "Kafka", reached, least=0.5, aim=0.6, slower=2.0),
        _row(
            "P5",
            f"Kafka, {STEADY}/s for {STEADY_SECONDS} s, answer p99",
            "ms",
            reached,
            lambda each: each.steady_p99_ms,
            bar=Bar(sign="≤", value=25.0, unit="ms"),
        ),
    ]


async def on_postgresql(setting: Setting) -> Sequence[Row]:
    """P5e: the log that `responder up` keeps in its PostgreSQL, beside a grouped INSERT."""
    async with (
        setting.cluster() as cluster,
        running_database() as database,
        running_database() as other,
        AsyncExitStack() as up,
    ):
        bare = await up.enter_async_context(_bare("postgresql", other.dsn.url()))
        ours = await up.enter_async_context(
            _ours(
                setting.folder,
                database.dsn.url(),
                cluster.bootstrap_servers,
                RESPONDER_LOG__BACKEND="postgres",
            )
        )
        reached = await _contest(setting, {OURS: ours, BARE: bare})
    return _rows("P5e", "the embedded log", reached, least=0.4, aim=0.5, slower=2.5)


async def _contest(setting: Setting, urls: Mapping[str, str]) -> dict[str, Reached]:
    """Everybody in turn: first a flood, then a steady load."""
    count = COUNT // 20 if setting.is_smoke else COUNT
    reached = {name: Reached() for name in urls}
    for name, url in urls.items():  # warm
        await pushed(setting.folder, url, prefix=f"warm-{name[0]}-", count=count // 4)
    for run in range(setting.runs):
        for name, url in urls.items():
            await _measure(setting, reached[name], url, f"{name[0]}{run}-", count)
            print(f"  {name}: {reached[name].rates[-1]:,.0f}/s", file=sys.stderr, flush=True)
    return reached


async def _measure(setting: Setting, reached: Reached, url: str, prefix: str, count: int) -> None:
    flood = await pushed(
        setting.folder,
        url,
        prefix=f"f{prefix}",
        count=count,
        connections=CONNECTIONS,
        tries=setting.tries,
    )
    steady = await pushed(
        setting.folder,
        url,
        prefix=f"s{prefix}",
        count=STEADY * (1 if setting.is_smoke else STEADY_SECONDS),
        rate=STEADY,
        connections=CONNECTIONS,
        tries=setting.tries,
    )
    reached.void += flood.breaches() + steady.breaches()
    reached.rates.append(len(flood.status) / flood.seconds)
    reached.p99_ms.append(percentile(sorted(flood.milliseconds), 0.99))
    reached.steady_p99_ms.append(percentile(sorted(steady.milliseconds), 0.99))


def _rows(
    number: str,
    log: str,
    reached: Mapping[str, Reached],
    *,
    least: float,
    aim: float,
    slower: float,
) -> list[Row]:
    return [
        _row(
            number,
            f"{log}, {CONNECTIONS} connections",
            "pushes/s",
            reached,
            lambda each: each.rates,
            bar=Bar(sign="≥", value=least, against=BARE, aim=aim),
        ),
        _row(
            number,
            f"{log}, {CONNECTIONS} connections, answer p99",
            "ms",
            reached,
            lambda each: each.p99_ms,
            bar=Bar(sign="≤", value=slower, against=BARE),
        ),
    ]


def _row(
    number: str,
    case: str,
    unit: str,
    reached: Mapping[str, Reached],
    of: Callable[[Reached], Sequence[float]],
    *,
    bar: Bar,
) -> Row:
    return Row(
        id=number,
        case=case,
        unit=unit,
        ours=Figure(of(reached[OURS])),
        peers={BARE: Figure(of(reached[BARE]))},
        bar=bar,
        void={name: each.void for name, each in reached.items() if each.void},
        how={
            **conditions(),
            **versions("aiohttp", "aiokafka", "asyncpg", "pydantic"),
            "event loop": "asyncio",
        },
    )


@asynccontextmanager
async def _bare(*arguments: str) -> AsyncIterator[str]:
    """The peer's address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.subjects.bare_gateway",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said = b"" if process.stdout is None else await process.stdout.readline()
        yield f"http://127.0.0.1:{int(said)}/in/forum/token"
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def _ours(
    folder: Path, database_url: str, bootstrap_servers: str, **settings: str
) -> AsyncIterator[str]:
    """The address of a gateway that runs as `responder run --role gateway`."""
    address = secrets.token_urlsafe(16)
    with roles_on_kafka(
        folder,
        database_url=database_url,
        bootstrap_servers=bootstrap_servers,
        prefix=f"{secrets.token_hex(4)}.",
        configuration=CONFIGURATION,
    ) as roles:
        roles.environment |= {
            "RESPONDER_SOURCE__FORUM__WEBHOOK_SECRET": SECRET,
            "RESPONDER_SOURCE__FORUM__ADDRESS_TOKEN": address,
            "RESPONDER_GATEWAY__RATE_PER_SECOND": "100000",
            "RESPONDER_GATEWAY__RATE_BURST": "1000000",
        } | settings
        said = await roles.command("migrate")
        if said.code:
            raise RuntimeError(said.said)
        gateway = await roles.start("gateway")
        yield f"{gateway.url.rstrip('/')}/in/forum/{address}"
