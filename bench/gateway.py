"""P5 and P5e: how many signed pushes a second are verified, parsed, stored, and answered 202.

Each run is read back from the log: what was answered and is not there voids it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.brokers import asked
from bench.costs import cpu_seconds
from bench.databases import running_database
from bench.figures import OURS, Bar, Figure, Row, percentile
from bench.installation import SOURCE, prepared
from bench.machine import conditions, versions
from bench.pushes import pushed
from bench.setting import Setting
from bench.stored import in_kafka, in_postgresql, not_stored
from responder.engagement.events import EngagementReceived
from responder.testing.roles import Role

BARE, BARE_TOPIC = "bare aiohttp", "bare"
COUNT = 20_000
PARTITIONS = 4
CONNECTIONS = 64
STEADY = 1_000
"""Pushes a second, for the time of an answer under a load that is no flood."""
STEADY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Server:
    """Who takes the pushes: where, its process, and how its log is read back."""

    url: str
    pid: int
    stored: Callable[[], Awaitable[set[str]]]


@dataclass(slots=True)
class Reached:
    """What one server reached, run by run; CPU is that of its process, for a push of the flood."""

    rates: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    steady_p99_ms: list[float] = field(default_factory=list)
    cpu_micros: list[float] = field(default_factory=list)
    void: list[str] = field(default_factory=list)


async def on_kafka(setting: Setting) -> Sequence[Row]:
    """P5: beside a bare handler that waits for `acks="all"`."""
    how = _how()
    async with (
        setting.cluster() as cluster,
        asked(cluster) as broker,
        running_database() as database,
        prepared(setting.folder, database, cluster, {}) as (roles, address),
    ):
        await broker.create(BARE_TOPIC, PARTITIONS)
        gateway = await roles.start("gateway")
        topic = roles.environment["RESPONDER_KAFKA__TOPIC_PREFIX"] + EngagementReceived.topic
        ours = _ours(gateway, address, partial(in_kafka, broker, topic))
        async with _bare("kafka", cluster.bootstrap_servers, BARE_TOPIC) as (url, pid):
            bare = Server(url, pid, partial(in_kafka, broker, BARE_TOPIC))
            reached = await _contest(setting, {OURS: ours, BARE: bare})
    steady = _row(
        "P5",
        f"Kafka, {STEADY}/s for {STEADY_SECONDS} s, answer p99",
        "ms",
        reached,
        lambda each: each.steady_p99_ms,
        bar=Bar(sign="≤", value=25.0, unit="ms"),
        how=how,
    )
    return [*_rows("P5", "Kafka", reached, how, least=0.5, aim=0.6, slower=2.0), steady]


async def on_postgresql(setting: Setting) -> Sequence[Row]:
    """P5e: the log that `responder up` keeps in its PostgreSQL, beside a grouped INSERT."""
    how = _how()
    embedded = {"RESPONDER_LOG__BACKEND": "postgres"}
    async with (
        setting.cluster() as cluster,
        running_database() as database,
        running_database() as other,
        prepared(setting.folder, database, cluster, embedded) as (roles, address),
    ):
        gateway = await roles.start("gateway")
        records = f"log_record WHERE topic = '{EngagementReceived.topic}'"
        ours = _ours(gateway, address, partial(in_postgresql, database, records))
        async with _bare("postgresql", other.dsn.url()) as (url, pid):
            bare = Server(url, pid, partial(in_postgresql, other, "pushed"))
            reached = await _contest(setting, {OURS: ours, BARE: bare})
    return _rows("P5e", "the embedded log", reached, how, least=0.4, aim=0.5, slower=2.5)


async def _contest(setting: Setting, servers: Mapping[str, Server]) -> dict[str, Reached]:
    """Everybody in turn: first a flood, then a steady load."""
    count = COUNT // 20 if setting.is_smoke else COUNT
    reached = {name: Reached() for name in servers}
    for name, server in servers.items():  # warm
        await pushed(setting.folder, server.url, prefix=f"warm-{name[0]}-", count=count)
    for run in range(setting.runs):
        for name, server in servers.items():
            said = await _measure(setting, reached[name], server, f"{name[0]}{run}-", count)
            print(f"  {name}: {said}", file=sys.stderr, flush=True)
    return reached


async def _measure(
    setting: Setting, reached: Reached, server: Server, prefix: str, count: int
) -> str:
    """One run, which counts when all was taken and stored; says what came of it."""
    before = cpu_seconds([server.pid])
    flood = await pushed(
        setting.folder,
        server.url,
        prefix=f"f{prefix}",
        count=count,
        connections=CONNECTIONS,
        tries=setting.tries,
    )
    used = cpu_seconds([server.pid]) - before
    steady = await pushed(
        setting.folder,
        server.url,
        prefix=f"s{prefix}",
        count=STEADY * (1 if setting.is_smoke else STEADY_SECONDS),
        rate=STEADY,
        connections=CONNECTIONS,
        tries=setting.tries,
    )
    breaches = flood.breaches() + steady.breaches()
    if not breaches:
        stored = await server.stored()
        breaches += not_stored(f"f{prefix}", len(flood.due), stored)
        breaches += not_stored(f"s{prefix}", len(steady.due), stored)
    reached.void += breaches
    if breaches:
        return f"void: {'; '.join(breaches)}"
    reached.rates.append(count / flood.seconds)
    reached.cpu_micros.append(used / count * 1e6)
    reached.p99_ms.append(percentile(sorted(flood.milliseconds), 0.99))
    reached.steady_p99_ms.append(percentile(sorted(steady.milliseconds), 0.99))
    return f"{reached.rates[-1]:,.0f}/s"


def _rows(
    number: str,
    log: str,
    reached: Mapping[str, Reached],
    how: Mapping[str, Any],
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
            how=how,
        ),
        _row(
            number,
            f"{log}, {CONNECTIONS} connections, answer p99",
            "ms",
            reached,
            lambda each: each.p99_ms,
            bar=Bar(sign="≤", value=slower, against=BARE),
            how=how,
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
    how: Mapping[str, Any],
) -> Row:
    return Row(
        id=number,
        case=case,
        unit=unit,
        ours=Figure(of(reached[OURS])),
        peers={BARE: Figure(of(reached[BARE]))},
        bar=bar,
        cpu_micros={name: Figure(each.cpu_micros) for name, each in reached.items()},
        void={name: each.void for name, each in reached.items()},
        how=how,
    )


def _how() -> dict[str, Any]:
    return {**conditions(), **versions("aiohttp", "aiokafka", "asyncpg", "pydantic")}


@asynccontextmanager
async def _bare(*arguments: str) -> AsyncIterator[tuple[str, int]]:
    """The peer's address and process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.subjects.bare_gateway",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said = b"" if process.stdout is None else await process.stdout.readline()
        yield f"http://127.0.0.1:{int(said)}/in/{SOURCE}/token", process.pid
    finally:
        process.kill()
        await process.wait()


def _ours(gateway: Role, address: str, stored: Callable[[], Awaitable[set[str]]]) -> Server:
    """A gateway that runs as `responder run --role gateway`."""
    return Server(f"{gateway.url.rstrip('/')}/in/{SOURCE}/{address}", gateway.pid, stored)
