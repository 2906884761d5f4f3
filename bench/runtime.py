"""P1 to P4: the consumer runtime beside what one would use instead."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import quantiles
from typing import Any

from bench.brokers import asked
from bench.contest import Entrant, Outcome, contest, records_per_second, seconds
from bench.driver import Driver, Filled, How, Run, Subject
from bench.figures import OURS, Bar, Row
from bench.java import parallel_consumer
from bench.machine import conditions, java_version, versions
from bench.setting import Setting
from bench.trace import NANOSECONDS
from bench.workload import VALUE_BYTES, Work

AT_ONCE = 100
ONE = How(at_once=AT_ONCE)
MANY = replace(ONE, batch=200)
WAITING = replace(ONE, is_waiting=True)

RAW, FASTSTREAM, PARALLEL = "raw aiokafka", "FastStream", "Parallel Consumer"
BARRIER, EXACT = "batch barrier", "ours, exact timers"
RAW_ONE, OURS_ONE = f"{RAW}, one at a time", f"{OURS}, one at a time"
FASTSTREAM_MANY = f"{FASTSTREAM}, 200 a call"
US = Subject.python(OURS, "ours")
SLOW = Subject.python(FASTSTREAM, "faststream")

FEW_KEYS = 10
RATE = 40
PEER_RUNS = 2
"""Of P3, which takes minutes for each: no bar compares with these peers."""


async def no_work(setting: Setting) -> Sequence[Row]:
    """P1: a handler that does nothing, over 6 partitions and 200 keys."""
    if setting.is_smoke:
        return await _no_work(setting, 2_000, of_faststream=100)
    rows = await _no_work(setting, 200_000, of_faststream=10_000)
    return [*rows, *await _no_work(setting, 1_000_000)]


async def _no_work(setting: Setting, records: int, *, of_faststream: int = 0) -> Sequence[Row]:
    """Everybody warms up with the very topic that counts, as another group."""

    def some(count: int) -> Work:
        return Work.idle(count, partitions=6, keys=200)

    how = _how(f"6 partitions, 200 keys, {records:,} records of {VALUE_BYTES} B", records)
    raw = Subject.python(RAW, "raw")
    who = {
        OURS: (US, MANY),
        RAW: (raw, MANY),
        OURS_ONE: (US, ONE),
        RAW_ONE: (raw, ONE),
        PARALLEL: (Subject(PARALLEL, parallel_consumer()), ONE),
    }
    if of_faststream:
        who[FASTSTREAM_MANY] = (SLOW, MANY)
        how[FASTSTREAM] = f"{of_faststream:,} after as many to warm up, one worker a partition"
    async with _driver(setting) as driver:
        full = await driver.filled(some(records))
        entrants = [
            Entrant(subject=subject, name=name, warm=full, full=full, how=which)
            for name, (subject, which) in who.items()
        ]
        if of_faststream:
            few = await driver.filled(some(of_faststream))
            entrants.append(Entrant(subject=SLOW, warm=few, full=few, how=ONE))
        outcome = await contest(driver, setting.runs, entrants, records_per_second)

    rows = _Rows("P1", "records/s", outcome, how)
    batch, one = f"no-op, {records:,}, 200 a call", f"no-op, {records:,}, one a call"
    found = [
        rows.row(batch, Bar(sign="≥", value=0.8, against=RAW), [RAW]),
        rows.row(one, Bar(sign="≥", value=1.5, against=PARALLEL, aim=2), [PARALLEL], OURS_ONE),
        rows.row(one, Bar(sign="≥", value=0.4, against=RAW_ONE), [RAW_ONE], OURS_ONE),
    ]
    if of_faststream:
        many = Bar(sign="≥", value=20, against=FASTSTREAM_MANY)
        few_at_once = Bar(sign="≥", value=20, against=FASTSTREAM)
        found += [
            rows.row(batch, many, [FASTSTREAM_MANY]),
            rows.row(one, few_at_once, [FASTSTREAM], OURS_ONE),
        ]
    return found


async def long_work(setting: Setting) -> Sequence[Row]:
    """P2: a handler of 100 ms, 100 keys in one partition, 100 at once."""
    records, of_faststream = (1_000, 10) if setting.is_smoke else (20_000, 200)
    how = _how(f"1 partition, 100 keys in turn, {records:,} records, 100 at once", _warm(setting))
    how[FASTSTREAM] = f"{of_faststream} records after as many to warm up"
    async with _driver(setting) as driver:
        full = await driver.filled(Work.constant(records, keys=100, seconds=0.1))
        warm = await driver.filled(_short(_warm(setting), keys=1_000))
        few = await driver.filled(Work.constant(of_faststream, keys=100, seconds=0.1))
        entrants = [
            *_waiting(warm, full),
            Entrant(subject=SLOW, warm=few, full=few, how=WAITING),
        ]
        outcome = await contest(driver, setting.runs, entrants, records_per_second)
    ideal = records / full.work.ideal_seconds(AT_ONCE)
    rows = _Rows("P2", "records/s", outcome, how, ideal)
    bars = (
        Bar(sign="≥", value=0.97, against="ideal"),
        Bar(sign="≥", value=0.99, against=PARALLEL),
    )
    return [rows.row("handler of 100 ms", bar, [PARALLEL, FASTSTREAM, EXACT]) for bar in bars]


async def mixed_work(setting: Setting) -> Sequence[Row]:
    """P3: 40 a second, handlers as long as a model's answers; how long records wait."""
    count = 80 if setting.is_smoke else 4_800
    work = Work.lognormal(count, partitions=12, keys=300)
    peers = [SLOW, Subject.python(BARRIER, "barrier")]
    outcome = Outcome()
    how = _how(
        f"{RATE} records/s for {count / RATE:.0f} s, 12 partitions, 300 keys at random, 100 at "
        "once, handlers lognormal (median 0.3 s, σ 0.8, at most 5 s)",
        warm=count,
    )
    how["peers"] = f"at most {PEER_RUNS} runs; FastStream with one worker a partition"
    async with _driver(setting) as driver:
        warm = await driver.filled(Work.idle(count, partitions=12, keys=300))
        for number in range(setting.runs):
            for subject in [US, *peers] if number < PEER_RUNS else [US]:
                run = await driver.feed(subject, warm, work, WAITING, every=1 / RATE)
                outcome.note(subject.name, run, partial(_p99_wait, work=work))
    ideal = _p99_ms(work.ideal_waits(AT_ONCE, 1 / RATE))
    rows = _Rows("P3", "ms", outcome, how, ideal)
    bar = Bar(sign="≤", value=30, against="ideal", by="difference", unit="ms")
    case = "p99 from the time to send to the handler's start"
    return [rows.row(case, bar, [peer.name for peer in peers])]


async def short_work(setting: Setting) -> Sequence[Row]:
    """P4: handlers of 0 to 5 ms in one partition; few keys, and many."""
    records = 500 if setting.is_smoke else 10_000
    workload = f"1 partition, {records:,} records, handlers of U(0, 5 ms), 100 at once"
    how = _how(workload, _warm(setting))
    found: list[Row] = []
    async with _driver(setting) as driver:
        warm = await driver.filled(_short(_warm(setting), keys=1_000))
        for keys in (FEW_KEYS,) if setting.is_smoke else (FEW_KEYS, 100, 1_000):
            full = await driver.filled(_short(records, keys=keys))
            outcome = await contest(driver, setting.runs, _waiting(warm, full), seconds)
            rows = _Rows("P4", "s", outcome, how, full.work.ideal_seconds(AT_ONCE))
            bar = (
                Bar(sign="≤", value=1.3, against="ideal", aim=1.1)
                if keys == FEW_KEYS
                else Bar(sign="≤", value=0.6, against=PARALLEL)
            )
            found.append(rows.row(f"handlers of U(0, 5 ms), {keys:,} keys", bar, [PARALLEL, EXACT]))
    return found


def _short(records: int, *, keys: int) -> Work:
    return Work.uniform(records, keys=keys, most_seconds=0.005)


def _warm(setting: Setting) -> int:
    """How many short records come before those that count, where these are few or long.

    Java compiles what it runs often: with fewer it would still do so while its time counts.
    """
    return 500 if setting.is_smoke else 50_000


@asynccontextmanager
async def _driver(setting: Setting) -> AsyncIterator[Driver]:
    async with setting.cluster() as cluster, asked(cluster) as broker:
        yield Driver(broker, setting.folder)


def _waiting(warm: Filled, full: Filled) -> list[Entrant]:
    """Who can have many handlers wait side by side, in key order."""
    parallel = Subject(PARALLEL, parallel_consumer())
    exactly = replace(WAITING, loop="precise")
    return [
        Entrant(subject=US, warm=warm, full=full, how=WAITING),
        Entrant(subject=parallel, warm=warm, full=full, how=WAITING),
        Entrant(subject=US, name=EXACT, warm=warm, full=full, how=exactly),
    ]


def _p99_wait(run: Run, work: Work) -> float:
    starts = run.trace.started_at(work)
    waits = [(start - due) / NANOSECONDS for start, due in zip(starts, run.due, strict=True)]
    return _p99_ms(waits)


def _p99_ms(waits: Sequence[float]) -> float:
    return quantiles(waits, n=100)[98] * 1e3


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the rows of one workload have in common."""

    id: str
    unit: str
    outcome: Outcome
    how: Mapping[str, Any]
    ideal: float | None = None

    def row(self, case: str, bar: Bar, peers: Sequence[str], ours: str = OURS) -> Row:
        def named(of_all: Mapping[str, Any]) -> dict[str, Any]:
            return {OURS if name == ours else name: each for name, each in of_all.items()}

        return Row(
            id=self.id,
            case=case,
            unit=self.unit,
            ours=self.outcome.figure(ours),
            peers=self.outcome.figures(*peers),
            ideal=self.ideal,
            bar=bar,
            cpu_micros=named(self.outcome.cpu_micros(ours, *peers)),
            void=named(self.outcome.void(ours, *peers)),
            how=self.how,
        )


def _how(workload: str, warm: int) -> dict[str, Any]:
    return {
        "workload": workload,
        "warmed up with": f"{warm:,} records",
        **conditions(),
        **versions("aiokafka", "faststream"),
        "Java": java_version(),
        "timers": "as the loop cuts them, to 1 ms; exact timers: to 1 µs",
    }
