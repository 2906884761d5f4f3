"""P8: the stages come back after an outage, 100,000 events wait, and pushes go on."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import time_ns
from typing import Any

from bench import curves
from bench.figures import OURS, Bar, Figure, Row, percentile, short
from bench.installation import NANOSECONDS, Installation, installed
from bench.machine import conditions, versions
from bench.memory import Memory, watched
from bench.pushes import Answers
from bench.setting import Setting

BEFORE = "before"
FIRST, WAITING, LIVE = "before-", "waiting", "live"
LIMIT_SECONDS = 600.0
FLAT = 1.2
"""How much more a role may hold late than early: what is more would go on growing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many wait, and who pushes on.

    Args:
        waiting: events, pushed `chunk` at a time: what was signed long ago is refused.
        rate: pushes per second, before the outage and while the stages work off what waits.
        before_seconds: how long before.
        live_seconds: for how long one process makes its pushes; then the next one goes on.
        lead_seconds: what a process needs to make and sign them.
        warm: how many comments come first of all.
    """

    waiting: int
    chunk: int
    rate: int
    before_seconds: int
    live_seconds: int
    lead_seconds: int
    warm: int

    @property
    def chunks(self) -> Mapping[str, int]:
        return {f"{WAITING}{n}-": self.chunk for n in range(self.waiting // self.chunk)}


WHOLE = Size(
    waiting=100_000,
    chunk=20_000,
    rate=200,
    before_seconds=30,
    live_seconds=20,
    lead_seconds=5,
    warm=6_000,
)
SMOKE = Size(
    waiting=1_000, chunk=500, rate=20, before_seconds=2, live_seconds=3, lead_seconds=2, warm=50
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    triaged_seconds: float
    drafted_seconds: float
    before_p99_ms: float
    p99_ms: float
    p99_once_ready_ms: float
    memory: Memory
    breaches: Sequence[str]


async def caught_up(setting: Setting) -> Sequence[Row]:
    """P8, with a new installation for each run."""
    size, how = SMOKE if setting.is_smoke else WHOLE, _how()
    runs = [await _run(setting, size, number) for number in range(setting.runs)]
    for run in _counting(runs)[-1:]:
        curves.write(
            setting.folder / "bench-p8-memory.svg",
            "P8: what each process holds while what waits is worked off, in MB, second by second",
            [run.memory.roles, run.memory.servers],
        )
    return _rows(size, runs, how)


async def _run(setting: Setting, size: Size, number: int) -> _Run:
    async with installed(setting, str(number), warm=size.warm) as made:
        sent = {FIRST: await _steadily(made, size, FIRST, size.before_seconds)}
        stages = made.stages
        await made.stop(stages)
        for prefix, each in size.chunks.items():
            sent[prefix] = await made.push(prefix, count=each)
        over = asyncio.Event()
        async with watched(made) as memory:
            async with asyncio.TaskGroup() as tasks:
                live = tasks.create_task(_push_on(made, size, over))
                await asyncio.sleep(size.lead_seconds)
                began = time_ns()
                await made.start(stages)
                ready = time_ns()
                for prefix, each in size.chunks.items():
                    if not await made.understood(prefix, each, LIMIT_SECONDS):
                        break
                over.set()
            sent |= live.result()
            for prefix, answers in sent.items():
                if not await made.drained(prefix, len(answers.due), LIMIT_SECONDS):
                    break
        run = await _reached(made, size, sent, memory, began=began, ready=ready)
    said = run.breaches or "nothing lost"
    print(f"  triaged after {run.triaged_seconds:,.0f} s, {said}", file=sys.stderr, flush=True)
    return run


async def _steadily(
    made: Installation, size: Size, prefix: str, seconds: int, begin: int = 0
) -> Answers:
    return await made.push(prefix, count=size.rate * seconds, rate=size.rate, begin=begin)


async def _push_on(made: Installation, size: Size, over: asyncio.Event) -> dict[str, Answers]:
    """One process after the other; each makes its pushes while the one before is pushing."""
    begin = time_ns() + int(size.lead_seconds * NANOSECONDS)
    started: dict[str, asyncio.Task[Answers]] = {}
    async with asyncio.TaskGroup() as tasks:
        while not over.is_set():
            prefix = f"{LIVE}{len(started)}-"
            pushing = _steadily(made, size, prefix, size.live_seconds, begin)
            started[prefix] = tasks.create_task(pushing)
            begin += size.live_seconds * NANOSECONDS
            with suppress(TimeoutError):
                until_next = (begin - time_ns()) / NANOSECONDS - size.lead_seconds
                await asyncio.wait_for(over.wait(), until_next)
    return {prefix: task.result() for prefix, task in started.items()}


async def _reached(
    made: Installation,
    size: Size,
    sent: Mapping[str, Answers],
    memory: Memory,
    *,
    began: int,
    ready: int,
) -> _Run:
    counts = {prefix: len(answers.due) for prefix, answers in sent.items()}
    triaged = {prefix: await made.triaged(prefix, range(n)) for prefix, n in counts.items()}
    drafted = {prefix: await made.reviewable(prefix, range(n)) for prefix, n in counts.items()}
    ended = max(_latest(triaged[prefix]) for prefix in size.chunks)

    def p99_ms(since: int) -> float:
        waits = [
            (at - due) / 1e6
            for prefix, answers in sent.items()
            if prefix.startswith(LIVE)
            for due, at in zip(answers.due, answers.at, strict=True)
            if since <= due <= ended
        ]
        return percentile(sorted(waits), 0.99)

    return _Run(
        triaged_seconds=(ended - began) / NANOSECONDS,
        drafted_seconds=(max(_latest(drafted[prefix]) for prefix in size.chunks) - began)
        / NANOSECONDS,
        before_p99_ms=percentile(sorted(sent[FIRST].milliseconds), 0.99),
        p99_ms=p99_ms(began),
        p99_once_ready_ms=p99_ms(ready),
        memory=memory,
        breaches=[
            *[breach for answers in sent.values() for breach in answers.breaches()],
            *_missing("were lost", counts, triaged),
            *_missing("got no draft", counts, drafted),
            *await made.settled(LIMIT_SECONDS),
            *await made.disordered(),
            *await made.verified(),
        ],
    )


def _latest(commits: Mapping[int, int]) -> int:
    return max(commits.values(), default=0)


def _missing(
    what: str, counts: Mapping[str, int], commits: Mapping[str, Mapping[int, int]]
) -> list[str]:
    missing = sum(counts.values()) - sum(map(len, commits.values()))
    return [f"{missing} {what}"] if missing else []


def _counting(runs: Sequence[_Run]) -> list[_Run]:
    return [run for run in runs if not run.breaches]


def _rows(size: Size, runs: Sequence[_Run], how: Mapping[str, Any]) -> list[Row]:
    work = f"{size.waiting:,} wait, {size.rate}/s go on"
    return [
        _row(
            runs,
            how,
            case=f"{work}: until what waited is in the queue",
            unit="s",
            ours=lambda run: run.triaged_seconds,
            bar=Bar(sign="≤", value=180.0, unit="s"),
        ),
        _row(
            runs,
            how,
            case=f"{work}: until each has its draft",
            unit="s",
            ours=lambda run: run.drafted_seconds,
        ),
        _row(
            runs,
            how,
            case=f"{work}: a push's answer meanwhile, p99",
            unit="ms",
            ours=lambda run: run.p99_ms,
            before=lambda run: run.before_p99_ms,
            bar=Bar(sign="≤", value=2.0, against=BEFORE),
        ),
        _row(
            runs,
            how,
            case=f"{work}: the most that a role holds in the last third of the time, to the first",
            unit="×",
            ours=lambda run: max(run.memory.growth().values()),
            bar=Bar(sign="≤", value=FLAT, unit="×"),
        ),
    ]


def _row(
    runs: Sequence[_Run],
    how: Mapping[str, Any],
    *,
    case: str,
    unit: str,
    ours: Callable[[_Run], float],
    before: Callable[[_Run], float] | None = None,
    bar: Bar | None = None,
) -> Row:
    good = _counting(runs)
    return Row(
        id="P8",
        case=case,
        unit=unit,
        ours=Figure([ours(run) for run in good]),
        peers={} if before is None else {BEFORE: Figure([before(run) for run in good])},
        bar=bar,
        void={OURS: [breach for run in runs for breach in run.breaches]},
        how={
            **how,
            "a push's p99 once the stages are ready, in ms": [
                short(run.p99_once_ready_ms) for run in good
            ],
            "most MB": ", ".join(_most(run.memory) for run in good[-1:]),
        },
    )


def _most(memory: Memory) -> str:
    held = {**memory.roles, **memory.servers}
    return ", ".join(f"{name} {short(max(each)):g}" for name, each in held.items())


def _how() -> dict[str, Any]:
    return {**conditions(), **versions("aiokafka", "asyncpg", "sqlalchemy", "aiohttp")}
