"""P6 and P9: from the push to a comment that a person can review, all roles beside their servers."""

import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.brokers import running_cluster
from bench.costs import Costs, cpu_seconds
from bench.databases import Database, running_database
from bench.figures import OURS, Bar, Figure, Row, percentile, short
from bench.machine import conditions, versions
from bench.pushes import SECRET, Answers, pushed
from bench.setting import Setting
from responder.testing.kafka import KafkaCluster
from responder.testing.roles import Role, Roles, roles_on_kafka
from responder.testing.running import eventually

ROLES = ("gateway", "triage", "drafting", "relay", "delivery", "reconcile", "audit", "console")
"""Each in a process of its own."""
RATES = (500, 800)
SECONDS = 60
WARM = 500
DRAIN_SECONDS = 120.0
FOR_TESTS = (
    "RESPONDER_DATABASE__POOL_SIZE",
    "RESPONDER_KAFKA__SESSION_TIMEOUT_MS",
    "RESPONDER_KAFKA__HEARTBEAT_INTERVAL_MS",
)
"""Set so that tests miss a killed process soon; what is measured runs on the defaults."""
CONFIGURATION = """
[sources.forum]
platform = "webhook"

[[knowledge]]
id = "offline"
title = "Using the planner offline"
text = "The planner works offline once a garden has been opened on the device. Changes are sent later."
language = "en"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Every role as a process, on a broker and a database of its own."""

    roles: Mapping[str, Role]
    settings: Roles
    broker: KafkaCluster
    database: Database
    push_url: str
    folder: Path

    async def push(self, prefix: str, *, count: int, rate: float) -> Answers:
        """From a process of its own."""
        return await pushed(self.folder, self.push_url, prefix=prefix, count=count, rate=rate)

    async def reviewable(self, prefix: str) -> dict[str, int]:
        """When each comment's draft was committed, in nanoseconds, as the database kept it."""
        connection = await self.database.connect()
        try:
            rows = await connection.fetch(
                """
                SELECT e.comment_id, extract(epoch FROM pg_xact_commit_timestamp(d.xmin)) AS at
                FROM draft_version d JOIN engagement e ON e.id = d.engagement_id
                WHERE d.version = 1 AND starts_with(e.comment_id, $1)
                """,
                prefix,
            )
        finally:
            await connection.close()
        return {row["comment_id"]: int(row["at"] * 1_000_000_000) for row in rows}

    async def drained(self, prefix: str, count: int) -> bool:
        """Wait until each has its draft; False when some have none in time."""

        async def done() -> int:
            return len(await self.reviewable(prefix))

        try:
            await eventually(done, lambda n: n >= count, DRAIN_SECONDS)
        except TimeoutError:
            return False
        return True

    async def verified(self) -> list[str]:
        """What `responder audit verify` finds wrong."""
        said = await self.settings.command("audit", "verify")
        return (
            [] if said.code == 0 else [f"audit verify ended with {said.code}: {said.said[-300:]}"]
        )

    async def sizes(self) -> dict[str, float]:
        """Bytes on disk, and transactions so far."""
        connection = await self.database.connect()
        try:
            found = await connection.fetchrow(
                """
                SELECT pg_database_size(datname) AS postgresql, xact_commit AS transactions
                FROM pg_stat_database WHERE datname = current_database()
                """
            )
        finally:
            await connection.close()
        if found is None:
            raise RuntimeError("the database keeps no figures")
        return {name: float(each) for name, each in found.items()} | {
            "kafka": self.broker.stored_bytes()
        }

    def costs(self) -> Costs:
        """CPU so far, by process."""
        used = {name: cpu_seconds([role.pid]) for name, role in self.roles.items()}
        used["postgresql"] = cpu_seconds(self.database.pids)
        used["kafka"] = cpu_seconds(self.broker.pids)
        return Costs(used)


@asynccontextmanager
async def installed(folder: Path, **settings: str) -> AsyncIterator[Installation]:
    """Everything runs, and has worked through a few hundred comments."""
    address = secrets.token_urlsafe(16)
    async with running_cluster() as broker, running_database() as database:
        with roles_on_kafka(
            folder,
            database_url=database.dsn.url(),
            bootstrap_servers=broker.bootstrap_servers,
            prefix="",
            configuration=CONFIGURATION,
        ) as roles:
            for name in FOR_TESTS:
                del roles.environment[name]
            roles.environment |= {
                "RESPONDER_SOURCE__FORUM__WEBHOOK_SECRET": SECRET,
                "RESPONDER_SOURCE__FORUM__ADDRESS_TOKEN": address,
                "RESPONDER_API__TOKEN": secrets.token_urlsafe(16),
                "RESPONDER_GATEWAY__RATE_PER_SECOND": "100000",
                "RESPONDER_GATEWAY__RATE_BURST": "100000",
            } | settings
            said = await roles.command("migrate")
            if said.code:
                raise RuntimeError(said.said)
            running = {name: await roles.start(name) for name in ROLES}
            url = f"{running['gateway'].url.rstrip('/')}/in/forum/{address}"
            made = Installation(
                roles=running,
                settings=roles,
                broker=broker,
                database=database,
                push_url=url,
                folder=folder,
            )
            await made.push("warm-", count=WARM, rate=200)
            if not await made.drained("warm-", WARM):
                raise RuntimeError("the first comments got no drafts")
            yield made


async def reviewable(setting: Setting) -> Sequence[Row]:
    """P6, and what it cost (P9)."""
    rows = []
    for rate in (200,) if setting.is_smoke else RATES:
        seconds = 2 if setting.is_smoke else SECONDS
        count = rate * seconds
        runs = [await _run(setting, number, rate, count) for number in range(setting.runs)]
        rows += [_latency(rate, seconds, runs), *_costs(rate, runs)]
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    p99_ms: float
    p50_ms: float
    costs: Mapping[str, float]
    bytes_each: Mapping[str, float]
    transactions: float
    breaches: Sequence[str]
    load: Sequence[float]


async def _run(setting: Setting, number: int, rate: int, count: int) -> _Run:
    """A fresh installation each time: nothing is carried over."""
    folder = setting.folder / f"p6-{rate}-{number}"
    folder.mkdir()
    async with installed(folder) as made:
        before, sizes = made.costs(), await made.sizes()
        sent = await made.push("c-", count=count, rate=rate)
        breaches = sent.breaches()
        if not await made.drained("c-", count):
            breaches.append("not every comment got its draft")
        after, grown = made.costs(), await made.sizes()
        at = await made.reviewable("c-")
        breaches += await made.verified()
        waits = sorted(
            (at[f"c-{n}"] - due) / 1e6 for n, due in enumerate(sent.due) if f"c-{n}" in at
        )
        run = _Run(
            p99_ms=percentile(waits, 0.99),
            p50_ms=percentile(waits, 0.5),
            costs=after.since(before).per(count),
            bytes_each={n: (grown[n] - sizes[n]) / count for n in ("postgresql", "kafka")},
            transactions=(grown["transactions"] - sizes["transactions"]) / count,
            breaches=breaches,
            load=os.getloadavg(),
        )
    said = f"p50 {run.p50_ms:,.0f} ms, p99 {run.p99_ms:,.0f} ms, {breaches or 'nothing lost'}"
    print(f"  {rate}/s: {said}", file=sys.stderr, flush=True)
    return run


def _latency(rate: int, seconds: int, runs: Sequence[_Run]) -> Row:
    void = [breach for run in runs for breach in run.breaches]
    return Row(
        id="P6",
        case=f"{rate}/s for {seconds} s: from when a push was due until its draft can be reviewed, p99",
        unit="ms",
        ours=Figure([run.p99_ms for run in runs if not run.breaches]),
        bar=Bar(sign="≤", value=1000.0, unit="ms", in_each=True),
        void={OURS: void} if void else {},
        how={
            **conditions(),
            **versions("aiokafka", "asyncpg", "sqlalchemy", "aiohttp"),
            "event loop": "asyncio",
            f"p50 at {rate}/s in ms": [short(run.p50_ms) for run in runs],
        },
    )


def _costs(rate: int, runs: Sequence[_Run]) -> list[Row]:
    figures = {
        f"CPU of {name} per comment": ("ms", [run.costs[name] for run in runs])
        for name in runs[0].costs
    }
    for name in runs[0].bytes_each:
        figures[f"{name}: disk per comment"] = ("bytes", [run.bytes_each[name] for run in runs])
    figures["transactions per comment"] = ("", [run.transactions for run in runs])
    return [
        Row(
            id="P9",
            case=f"{rate}/s: {case}",
            unit=unit,
            ours=Figure(values),
            bar=Bar(sign="≤", value=2.0, unit="ms") if case.startswith(_ROLES_CPU) else None,
        )
        for case, (unit, values) in figures.items()
    ]


_ROLES_CPU = tuple(f"CPU of {role} " for role in ROLES)
