"""P1 to P4: the consumer runtime beside what one would use instead."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from statistics import quantiles
from typing import Any

from bench.brokers import running_broker
from bench.contest import Entrant, Outcome, contest, records_per_second, seconds
from bench.driver import Driver, Filled, How, Run, Subject
from bench.figures import OURS, Bar, Row
from bench.java import parallel_consumer
from bench.machine import conditions, java_version, versions
from bench.setting import Setting
from bench.trace import NANOSECONDS
from bench.workload import VALUE_BYTES, Work

AT_ONCE = 100
BATCH = 200
RAW, FASTSTREAM, PARALLEL, BARRIER = (
    "raw aiokafka",
    "FastStream",
    "Parallel Consumer",
    "batch barrier",
)
EXACT = "ours, exact timers"
FEW_KEYS = 10
SLOW_RUNS = 2
US = Subject.python(OURS, "ours")
ONE = How(at_once=AT_ONCE)
MANY = How(at_once=AT_ONCE, batch=BATCH)
WAITING = How(at_once=AT_ONCE, is_waiting=True)
WAITING_EXACTLY = How(at_once=AT_ONCE, is_waiting=True, loop="precise")
RATE = 40


async def no_work(setting: Setting) -> Sequence[Row]:
    """P1: a handler that does nothing, over 6 partitions and 200 keys."""
    if setting.is_smoke:
        return await _no_work(setting, 2_000, slow_records=300)
    rows = await _no_work(setting, 200_000, slow_records=10_000)
    return [*rows, *await _no_work(setting, 1_000_000, slow_records=0)]


async def _no_work(setting: Setting, records: int, *, slow_records: int) -> Sequence[Row]:
    def some(count: int) -> Work:
        return Work.idle(count, partitions=6, keys=200)

    one, raw_one = f"{OURS}, one", f"{RAW}, one at a time"
    raw = Subject.python(RAW, "raw")
    async with _driver(setting) as driver:
        warm, full = await driver.filled(some(records // 10)), await driver.filled(some(records))
        each = {
            OURS: (US, MANY),
            RAW: (raw, MANY),
            one: (US, ONE),
            raw_one: (raw, ONE),
            PARALLEL: (Subject(PARALLEL, parallel_consumer()), ONE),
        }
        entrants = [
            Entrant(subject=subject, name=name, warm=warm, full=full, how=how)
            for name, (subject, how) in each.items()
        ]
        if slow_records:
            slow = await driver.filled(some(slow_records))
            few = await driver.filled(some(slow_records // 10))
            subject = Subject.python(FASTSTREAM, "faststream")
            entrants.append(Entrant(subject=subject, warm=few, full=slow, how=ONE))
        outcome = await contest(driver, setting.runs, entrants, records_per_second)
    how = _how(f"6 partitions, 200 keys, {records:,} records of {VALUE_BYTES} B")
    if slow_records:
        how |= {"FastStream": f"{slow_records:,} records, one worker a partition"}
    bars = [
        (OURS, "in batches of 200", Bar(sign="≥", value=0.8, against=RAW)),
        (one, "one at a time", Bar(sign="≥", value=1.5, against=PARALLEL, aim=2)),
        (one, "one at a time", Bar(sign="≥", value=0.4, against=raw_one)),
    ]
    if slow_records:
        bars.append((OURS, "in batches of 200", Bar(sign="≥", value=20, against=FASTSTREAM)))
    return [
        _row(f"P1: no-op, {records:,}, {form}", "records/s", outcome, bar, how, ours=ours)
        for ours, form, bar in bars
    ]


async def long_work(setting: Setting) -> Sequence[Row]:
    """P2: a handler of 100 ms, 100 keys in one partition, 100 at once."""
    records = 1_000 if setting.is_smoke else 20_000
    ten = 10 if setting.is_smoke else 200
    async with _driver(setting) as driver:
        full = await driver.filled(Work.constant(records, keys=100, seconds=0.1))
        warm = await driver.filled(Work.constant(1_000, keys=100, seconds=0.001))
        slow = await driver.filled(Work.constant(ten, keys=100, seconds=0.1))
        outcome = await contest(
            driver,
            setting.runs,
            [
                *_waiting(warm, full),
                Entrant(
                    subject=Subject.python(FASTSTREAM, "faststream"),
                    warm=slow,
                    full=slow,
                    how=WAITING,
                ),
            ],
            records_per_second,
        )
        ideal = records / full.work.ideal_seconds(AT_ONCE)
    how = _how(f"1 partition, 100 keys in turn, {records:,} records, 100 at once")
    how |= {"FastStream": f"{ten} records"}
    bars = [
        Bar(sign="≥", value=0.97, against="ideal"),
        Bar(sign="≥", value=0.99, against=PARALLEL),
    ]
    return [
        _row("P2: handler of 100 ms", "records/s", outcome, bar, how, ideal=ideal) for bar in bars
    ]


async def mixed_work(setting: Setting) -> Sequence[Row]:
    """P3: 40 a second, handlers as long as a model's answers; how long records wait."""
    count = 200 if setting.is_smoke else 4_800
    work = Work.lognormal(count, partitions=12, keys=300)
    ideal = _p99_ms(work.ideal_waits(count, 1 / RATE))
    outcome = Outcome()
    async with _driver(setting) as driver:
        warm = await driver.filled(Work.idle(300, partitions=12, keys=300))
        for number in range(setting.runs):
            subjects = [US] if number >= SLOW_RUNS else [US, *_slow_peers()]
            for subject in subjects:
                run = await driver.feed(subject, warm, work, WAITING, every=1 / RATE)
                outcome.note(subject.name, run, partial(_p99_wait, work=work))
    how = _how(
        f"{RATE} records/s for {count / RATE:.0f} s, 12 partitions, 300 keys at random, handlers "
        "lognormal (median 0.3 s, σ 0.8, at most 5 s)"
    )
    how |= {"peers": f"at most {SLOW_RUNS} runs; FastStream with one worker a partition"}
    bar = Bar(sign="≤", value=30, against="ideal", by="difference", unit="ms")
    case = "p99 from the time to send to the handler's start"
    return [_row(f"P3: {case}", "ms", outcome, bar, how, ideal=ideal)]


async def short_work(setting: Setting) -> Sequence[Row]:
    """P4: handlers of 0 to 5 ms in one partition; few keys, and many."""
    records = 500 if setting.is_smoke else 10_000
    rows: list[Row] = []
    async with _driver(setting) as driver:
        for keys in (10, 100, 1_000):
            full = await driver.filled(Work.uniform(records, keys=keys, most_seconds=0.005))
            warm = await driver.filled(Work.uniform(1_000, keys=keys, most_seconds=0.005))
            outcome = await contest(driver, setting.runs, _waiting(warm, full), seconds)
            ideal = full.work.ideal_seconds(AT_ONCE)
            bar = (
                Bar(sign="≤", value=1.3, against="ideal", aim=1.1)
                if keys == FEW_KEYS
                else Bar(sign="≤", value=0.6, against=PARALLEL)
            )
            how = _how(f"1 partition, {records:,} records, handlers of U(0, 5 ms), 100 at once")
            case = f"P4: handlers of U(0, 5 ms), {keys} keys"
            rows.append(_row(case, "s", outcome, bar, how, ideal=ideal))
    return rows


@asynccontextmanager
async def _driver(setting: Setting) -> AsyncIterator[Driver]:
    async with running_broker() as broker:
        yield Driver(broker, setting.folder)


def _waiting(warm: Filled, full: Filled) -> list[Entrant]:
    """Who can have many handlers wait side by side, in key order."""
    parallel = Subject(PARALLEL, parallel_consumer())
    return [
        Entrant(subject=US, warm=warm, full=full, how=WAITING),
        Entrant(subject=parallel, warm=warm, full=full, how=WAITING),
        Entrant(subject=US, name=EXACT, warm=warm, full=full, how=WAITING_EXACTLY),
    ]


def _slow_peers() -> list[Subject]:
    return [Subject.python(FASTSTREAM, "faststream"), Subject.python(BARRIER, "barrier")]


def _p99_wait(run: Run, work: Work) -> float:
    starts = run.trace.started_at(work)
    waits = [(start - due) / NANOSECONDS for start, due in zip(starts, run.due, strict=True)]
    return _p99_ms(waits)


def _p99_ms(waits: Sequence[float]) -> float:
    return quantiles(waits, n=100)[98] * 1e3


def _row(
    case: str,
    unit: str,
    outcome: Outcome,
    bar: Bar,
    how: Mapping[str, Any],
    *,
    ours: str = OURS,
    ideal: float | None = None,
) -> Row:
    number, _, words = case.partition(": ")
    return Row(
        id=number,
        case=words,
        unit=unit,
        ours=outcome.figure(ours),
        peers=outcome.peers(ours),
        ideal=ideal,
        bar=bar,
        void=outcome.void(ours),
        how=how,
    )


def _how(workload: str) -> dict[str, Any]:
    return {
        "workload": workload,
        **conditions(),
        **versions("aiokafka", "faststream"),
        "Java": java_version(),
        "loop": "asyncio, whose timers are cut to 1 ms",
    }
