"""P7: the console's pages with many comments that wait, and what the stages reach beside them."""

import asyncio
import re
import secrets
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass, field
from time import monotonic_ns
from types import SimpleNamespace
from typing import Any

from bench.browser import Answer, Browser, Form
from bench.databases import Database, running_database
from bench.figures import OURS, Bar, Figure, Row, percentile
from bench.fill import PREFIX, fill, unlike
from bench.installation import Installation, installed
from bench.machine import conditions, versions
from bench.setting import Setting
from bench.throughput import throughput
from responder.adapters.postgres.paging import position_of

FIRST, MIDDLE, LAST = "queue, first page", "queue, middle page", "queue, last page"
COMMENT, APPROVE, LIST = "a comment's page", "approve", "API, list of 50"
REPLY = "It does, once you have opened the garden on this device."
ROWS = 50
OK, SEE_OTHER = 200, 303


@dataclass(frozen=True, slots=True)
class Reached:
    """Of one size, run by run: the p95 of each kind, the stages' rate, and what disqualifies.

    A run with a breach adds nothing but that.
    """

    p95_ms: Mapping[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    rates: list[float] = field(default_factory=list)
    void: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Targets:
    """Where one run looks: queue pages by name, and comments that each are opened once."""

    pages: Mapping[str, str]
    read: Sequence[str]
    approved: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything."""

    sizes: Sequence[int]
    requests: int
    waiting: int
    warm: int


WHOLE = Plan(sizes=(0, 100_000, 1_000_000), requests=200, waiting=20_000, warm=500)
SMOKE = Plan(sizes=(0, 2_000), requests=10, waiting=200, warm=120)


async def crowded(setting: Setting) -> Sequence[Row]:
    """P7. One database is filled step by step, and everything is measured at each."""
    plan = SMOKE if setting.is_smoke else WHOLE
    how = _how(plan)
    reached = {size: Reached() for size in plan.sizes}
    least, most = plan.sizes[0], plan.sizes[-1]
    async with running_database() as database:
        async with _installed(setting, plan, database) as made:
            for before, size in zip((0, *plan.sizes), plan.sizes, strict=False):
                if size > before:
                    how[f"{size:,} after"] = await _filled(
                        setting, database, size - before, reached[size]
                    )
                await _look(setting, plan, made, reached[size])
                await _rush(plan, made, reached[size])
                _tell(size, reached[size])
        for _ in range(1, setting.runs):
            for size, known in ((least, None), (most, database)):
                async with _installed(setting, plan, known) as made:
                    await _rush(plan, made, reached[size])
                _tell(size, reached[size])
    return _rows(plan, reached, how)


async def _filled(setting: Setting, database: Database, count: int, reached: Reached) -> str:
    """How long it took; in small also whether the copies are like what they were copied from."""
    began = monotonic_ns()
    await fill(database.dsn.url(), count)
    took = (monotonic_ns() - began) / 1e9
    if setting.is_smoke:
        reached.void.extend(await unlike(database.dsn.url()))
    return f"{took:.0f} s of filling"


def _tell(size: int, reached: Reached) -> None:
    """For somebody who waits; the table comes at the end."""
    pages = ", ".join(f"{name} {percentile(p95, 1):.0f} ms" for name, p95 in reached.p95_ms.items())
    rates = ", ".join(f"{rate:,.0f}/s" for rate in reached.rates)
    said = [f"{size:,} open: {rates}", pages, *reached.void]
    print(f"  {'; '.join(said)}", file=sys.stderr, flush=True)


def _installed(
    setting: Setting, plan: Plan, database: Database | None
) -> AbstractAsyncContextManager[Installation]:
    return installed(setting, secrets.token_hex(4), database=database, warm=plan.warm)


async def _look(setting: Setting, plan: Plan, made: Installation, reached: Reached) -> None:
    """Every run of the pages."""
    token = made.settings.environment["RESPONDER_API__TOKEN"]
    link = await _link(made)
    with closing(Browser(made.roles["console"].url)) as browser:
        browser.sign_in(link)
        for run in range(setting.runs):
            targets = await _targets(made.database, plan.requests, run)
            await asyncio.to_thread(_measure, browser, token, targets, reached)


async def _rush(plan: Plan, made: Installation, reached: Reached) -> None:
    """One run of the stages."""
    rate = await throughput(made, plan.waiting)
    reached.void.extend(rate.breaches)
    if not rate.breaches:
        reached.rates.append(rate.per_second)


async def _link(made: Installation) -> str:
    said = await made.settings.command("user", "add", f"Ana {secrets.token_hex(4)}")
    found = re.search(r"https?://\S+", said.said)
    if found is None:
        raise RuntimeError(said.said)
    return found[0]


async def _targets(database: Database, requests: int, run: int) -> Targets:
    count = requests + requests // 10
    connection = await database.connect()
    try:
        open_ = await connection.fetchval(
            "SELECT count(*) FROM engagement WHERE state = 'awaiting_review'"
        )
        places = {
            FIRST: "/queue",
            MIDDLE: f"/queue?after={await _position(connection, open_ // 2)}",
            LAST: f"/queue?after={await _position(connection, open_ - ROWS)}",
        }
        read = await connection.fetch(
            """
            SELECT id::text FROM engagement WHERE state = 'awaiting_review'
            ORDER BY md5(id::text || $1) LIMIT $2
            """,
            str(run),
            count,
        )
        # Of the copies no change is recorded, and none of them may become the first.
        approved = await connection.fetch(
            """
            SELECT id::text FROM engagement WHERE state = 'awaiting_review'
              AND NOT starts_with(comment_id, $1) ORDER BY md5(id::text || $2) LIMIT $3
            """,
            PREFIX,
            str(run),
            count,
        )
    finally:
        await connection.close()
    return Targets(places, [row["id"] for row in read], [row["id"] for row in approved])


async def _position(connection: Any, behind: int) -> str:
    """Where a page begins that has so many before it."""
    row = await connection.fetchrow(
        """
        SELECT rank, order_due, received_at, id FROM engagement WHERE state = 'awaiting_review'
        ORDER BY rank, order_due, received_at, id OFFSET $1 LIMIT 1
        """,
        max(0, behind - 1),
    )
    return position_of(SimpleNamespace(**row), is_open=True)


def _measure(browser: Browser, token: str, targets: Targets, reached: Reached) -> None:
    """Every kind in turn, request by request."""
    took: dict[str, list[float]] = defaultdict(list)
    wrong: dict[str, int] = defaultdict(int)
    warm = len(targets.read) - len(targets.read) * 10 // 11
    for number, (read, approved) in enumerate(zip(targets.read, targets.approved, strict=True)):
        for name, answer, is_right in _asked(browser, token, targets.pages, read, approved):
            wrong[name] += not is_right
            if number >= warm:
                took[name].append(answer.milliseconds)
    breaches = [f"{count} × {name} wrong" for name, count in wrong.items() if count]
    reached.void.extend(breaches)
    if not breaches:
        for name, values in took.items():
            reached.p95_ms[name].append(percentile(sorted(values), 0.95))


def _asked(
    browser: Browser, token: str, pages: Mapping[str, str], read: str, approved: str
) -> Iterator[tuple[str, Answer, bool]]:
    """One request of each kind, and whether its answer is what it should be."""
    for name, path in pages.items():
        page = browser.get(path)
        yield name, page, page.status == OK and page.body.count(b"data-row ") == ROWS
    page = browser.get(f"/engagements/{read}")
    yield COMMENT, page, page.status == OK and b"data-editor" in page.body
    api = browser.get("/api/v1/engagements", Authorization=f"Bearer {token}")
    yield LIST, api, api.status == OK and api.body.count(b'"excerpt"') == ROWS
    form = Form(browser.get(f"/engagements/{approved}").body, "/send")
    sent = browser.send(form.action, form.fields | {"text": REPLY})
    # Taken back at once, so that as many are open as before.
    undone = browser.send(form.action.replace("/send", "/undo"), {})
    yield APPROVE, sent, (sent.status, undone.status) == (SEE_OTHER, SEE_OTHER)


def _rows(plan: Plan, reached: Mapping[int, Reached], how: Mapping[str, Any]) -> list[Row]:
    most = plan.sizes[-1]
    ours = reached[most]
    others = {f"with {size:,}": each for size, each in reached.items() if size != most}
    void = {OURS: [f"with {size:,}: {why}" for size, each in reached.items() for why in each.void]}

    def row(case: str, unit: str, of: Callable[[Reached], Sequence[float]], bar: Bar) -> Row:
        return Row(
            id="P7",
            case=case,
            unit=unit,
            ours=Figure(of(ours)),
            peers={name: Figure(of(each)) for name, each in others.items()},
            bar=bar,
            void=void,
            how=how,
        )

    return [
        *(
            row(
                f"{name}, {most:,} open, p95",
                "ms",
                lambda each, name=name: each.p95_ms[name],  # type: ignore[misc]
                Bar(sign="≤", value=50.0, unit="ms"),
            )
            for name in (FIRST, MIDDLE, LAST, COMMENT, APPROVE, LIST)
        ),
        row(
            f"made reviewable while {plan.waiting:,} wait, {most:,} open",
            "comments/s",
            lambda each: each.rates,
            Bar(sign="≥", value=0.9, against="with 0"),
        ),
    ]


def _how(plan: Plan) -> dict[str, Any]:
    return {
        **conditions(),
        **versions("aiohttp", "asyncpg", "sqlalchemy", "jinja2"),
        "requests": f"{plan.requests} of each kind in a run, one at a time on one connection",
        "ledger": f"what is open is copied from {plan.warm} pushed comments; these are there too",
    }
