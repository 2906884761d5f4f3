"""P6 and P9: from the push to a comment that a person can review, all roles beside their servers."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.databases import running_database
from bench.figures import OURS, Bar, Figure, Row, percentile, short
from bench.installation import ROLES, installed
from bench.machine import conditions, versions
from bench.setting import Setting

RATES = (500, 800)
SECONDS = 60
COUNTED_RATE = 200


async def reviewable(setting: Setting) -> Sequence[Row]:
    """P6, and what it cost (P9)."""
    how = {**conditions(), **versions("aiokafka", "asyncpg", "sqlalchemy", "aiohttp")}
    rows: list[Row] = []
    runs: list[_Run] = []
    for rate in (COUNTED_RATE,) if setting.is_smoke else RATES:
        seconds = 2 if setting.is_smoke else SECONDS
        runs = [
            await _run(setting, number, rate, rate * seconds, counts=setting.is_smoke)
            for number in range(setting.runs)
        ]
        rows += [_latency(rate, seconds, runs, how), *_costs(rate, runs, how)]
    if not setting.is_smoke:
        runs = [await _run(setting, 0, COUNTED_RATE, COUNTED_RATE * SECONDS, counts=True)]
    return [*rows, _statements(runs, how)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    p99_ms: float
    p50_ms: float
    costs: Mapping[str, float]
    bytes_each: Mapping[str, float]
    transactions: float
    statements: float
    breaches: Sequence[str]


async def _run(
    setting: Setting, number: int, rate: int, count: int, *, counts: bool = False
) -> _Run:
    """A fresh installation each time: nothing is carried over.

    One that `counts` has its server log each statement, which takes time.
    """
    warm = 100 if setting.is_smoke else 6_000  # what a compiler does first is not a comment's cost
    async with (
        running_database(tells_statements=counts) as database,
        installed(setting, f"{rate}-{number}", database=database, warm=warm) as made,
    ):
        before, sizes, statements = made.costs(), await made.sizes(), database.statements()
        sent = await made.push("c-", count=count, rate=rate)
        breaches = sent.breaches()
        if not await made.drained("c-", count):
            breaches.append("not every comment got its draft")
        breaches += await made.settled()
        after, grown = made.costs(), await made.sizes()
        at = await made.reviewable("c-", range(count))
        breaches += [*await made.disordered(), *await made.verified()]
        waits = sorted((at[n] - due) / 1e6 for n, due in enumerate(sent.due) if n in at)
        run = _Run(
            p99_ms=percentile(waits, 0.99),
            p50_ms=percentile(waits, 0.5),
            costs=after.since(before).per(count),
            bytes_each={n: (grown[n] - sizes[n]) / count for n in ("postgresql", "kafka")},
            transactions=(grown["transactions"] - sizes["transactions"]) / count,
            statements=(database.statements() - statements) / count,
            breaches=breaches,
        )
    said = f"p50 {run.p50_ms:,.0f} ms, p99 {run.p99_ms:,.0f} ms, {breaches or 'nothing lost'}"
    print(f"  {rate}/s: {said}", file=sys.stderr, flush=True)
    return run


def _latency(rate: int, seconds: int, runs: Sequence[_Run], how: Mapping[str, Any]) -> Row:
    return Row(
        id="P6",
        case=f"{rate}/s for {seconds} s: from when a push was due until its draft can be reviewed, p99",
        unit="ms",
        ours=Figure([run.p99_ms for run in _counting(runs)]),
        bar=Bar(sign="≤", value=1000.0, unit="ms", in_each=True),
        void=_void(runs),
        how={
            **how,
            f"p50 at {rate}/s in ms": [short(run.p50_ms) for run in _counting(runs)],
        },
    )


def _statements(runs: Sequence[_Run], how: Mapping[str, Any]) -> Row:
    """Of runs in which the server logged each of them: of nothing else in these are there figures."""
    return Row(
        id="P9",
        case=f"{COUNTED_RATE}/s: statements per comment, with those of idle roles",
        unit="",
        ours=Figure([run.statements for run in _counting(runs)]),
        void=_void(runs),
        how=how,
    )


def _costs(rate: int, runs: Sequence[_Run], how: Mapping[str, Any]) -> list[Row]:
    good = _counting(runs)
    figures = {
        f"CPU of {name} per comment": ("ms", [run.costs[name] for run in good])
        for name in runs[0].costs
    }
    for name in runs[0].bytes_each:
        figures[f"{name}: disk per comment"] = ("bytes", [run.bytes_each[name] for run in good])
    figures["transactions per comment"] = ("", [run.transactions for run in good])
    return [
        Row(
            id="P9",
            case=f"{rate}/s: {case}",
            unit=unit,
            ours=Figure(values),
            void=_void(runs),
            how=how,
            bar=Bar(sign="≤", value=2.0, unit="ms") if case.startswith(_ROLES_CPU) else None,
        )
        for case, (unit, values) in figures.items()
    ]


_ROLES_CPU = tuple(f"CPU of {role} " for role in ROLES)


def _counting(runs: Sequence[_Run]) -> list[_Run]:
    return [run for run in runs if not run.breaches]


def _void(runs: Sequence[_Run]) -> Mapping[str, Sequence[str]]:
    return {OURS: [breach for run in runs for breach in run.breaches]}
