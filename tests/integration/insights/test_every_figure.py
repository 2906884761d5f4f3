"""I7, domain-R8: every figure of response times is what counting once more gives, everywhere.

A ledger has much happen to it, through the real services. Then each figure is counted from what an
observer noted of the plain rows, and held against the page, the API, the table, `/metrics` and the
kept counts themselves.
"""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from io import StringIO
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from typing_extensions import override

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.figures import COHORT_DAYS, PostgresFigures
from responder.adapters.postgres.tally import TallyRows, miscounts
from responder.adapters.system import SystemClock
from responder.insights.waits import Basis, Clock
from responder.telemetry.ledger import LedgerCollector
from responder.testing.console import ConsoleBench
from responder.testing.ledger import Bench
from responder.web.console.lengths import MEASURES as SAID
from responder.web.console.lengths import length as said_length
from responder.web.console.lengths import share
from tests.integration.console.kit import Reader
from tests.integration.insights.history import History
from tests.integration.insights.recount import (
    AGES,
    BOUNDS,
    Curve,
    Recount,
    first_replies,
)

SEEDS = (1, 2)
HISTORY = timedelta(days=9)
NONE = "\N{EN DASH}"
CHEATS = (
    ("UPDATE tally SET items = items - 1 WHERE kind = 'day_due' AND labels[4] = 'missed'", "api"),
    ("DELETE FROM tally WHERE kind = 'due' AND labels[3] = 'missed'", "metrics"),
    ("UPDATE tally SET items = items + 1 WHERE kind = 'wait' AND labels[2] = 'wall'", "metrics"),
)


class Told(HTMLParser):
    """What a page says, as rows of tables, figures by their names, and times to the microsecond."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.figures: dict[str, str] = {}
        self.times: list[str] = []
        self._name = self._cell = ""
        self._into = ""
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th", "dt", "dd"}:
            self._into, self._cell = tag, ""
        elif tag == "time":
            self.times.append(dict(attrs)["datetime"] or "")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag != self._into:
            return
        said, self._into = " ".join(self._cell.split()), ""
        if tag in {"td", "th"}:
            self.tables[-1][-1].append(said)
        elif tag == "dt":
            self._name = said
        else:
            self.figures[self._name] = said

    @override
    def handle_data(self, data: str) -> None:
        if self._into:
            self._cell += data


async def happened(bench: Bench, seed: int, length: timedelta = HISTORY) -> History:
    """So much of it, up to now; half of what changed is folded."""
    history = History(bench, random.Random(seed))  # noqa: S311 - a test's own
    now = SystemClock().now()
    await history.go(since=now - length, until=now - length / 2)
    await TallyRows(bench.engine).fold()
    await history.go(since=bench.clock.now(), until=now)
    return history


def recounted(history: History, at: datetime, first: date, last: date) -> Recount:
    return Recount(list(history.observer.noted.values()), at, first, last)


# --- the kept counts -----------------------------------------------------------------------------


async def kept_counts_are_right(bench: Bench) -> bool:
    async with transaction(bench.engine) as connection:
        return await miscounts(connection) == ()


# --- the API and the table -----------------------------------------------------------------------


async def api_says(api: aiohttp.ClientSession, first: date, last: date) -> dict[str, Any]:
    params = {"first": first.isoformat(), "last": last.isoformat()}
    async with api.get("insights/response-times", params=params) as answer:
        assert answer.status == 200
        said: dict[str, Any] = await answer.json()
        return said


def api_of(recount: Recount) -> dict[str, Any]:
    return {
        **recount.counts(),
        "waits": [_wait(*measure, curve) for measure, curve in recount.curves().items()],
        "due": list(_due(recount, is_first=True)),
        "due_again": list(_due(recount, is_first=False)),
        "open": {
            **recount.open_now(),
            **{f"oldest_{basis}": _oldest(recount, basis) for basis in ("published", "received")},
        },
    }


def _wait(clock: str, basis: str, curve: Curve) -> dict[str, Any]:
    unanswered = {name: curve.waiting(seconds) for name, seconds in AGES.items()}
    return {
        "clock": clock,
        "basis": basis,
        "median_seconds": curve.median,
        "p90_seconds": curve.p90,
        "unanswered": {
            name: None if share is None else pytest.approx(float(share))
            for name, share in unanswered.items()
        },
        "curve": [
            {"seconds": step, "still_waiting": pytest.approx(float(left), abs=1e-9)}
            for step, left in curve.points
        ],
    }


def _due(recount: Recount, *, is_first: bool) -> Iterator[dict[str, Any]]:
    for (sla, tier), counts in sorted(recount.due(is_first=is_first).items()):
        met, missed, excused = (counts[how] for how in ("met", "missed", "excused"))
        yield {
            "target": sla,
            "tier": tier,
            "met": met,
            "missed": missed,
            "excused": excused,
            "service_level": met / (met + missed) if met + missed else None,
            "objective": {"first-reply": 0.95, "a-day": 0.8}[sla],
        }


def _oldest(recount: Recount, basis: str) -> dict[str, str] | None:
    oldest = recount.oldest(basis)
    if oldest is None:
        return None
    since = (oldest.published_at if basis == "published" else oldest.received_at).astimezone(UTC)
    return {"engagement_id": str(oldest.id), "since": since.isoformat().replace("+00:00", "Z")}


def table_of(recount: Recount) -> dict[tuple[str, ...], Any]:
    """Of each line all but the last cell, and the last."""
    rows: dict[tuple[str, ...], Any] = {
        (name, "", "", "", "", ""): count for name, count in recount.counts().items()
    }
    for (clock, basis), curve in recount.curves().items():
        rows["median_seconds", "", "", clock, basis, ""] = curve.median
        rows["p90_seconds", "", "", clock, basis, ""] = curve.p90
        for name, seconds in AGES.items():
            rows["unanswered_ratio", "", "", clock, basis, name] = curve.waiting(seconds)
    for name, is_first in (("due", True), ("due_again", False)):
        for (sla, tier), counts in recount.due(is_first=is_first).items():
            for how in ("met", "missed", "excused"):
                rows[f"{name}_{how}", sla, tier, "", "", ""] = counts[how]
    for basis in ("published", "received"):
        rows["oldest_open_seconds", "", "", "wall", basis, ""] = recount.oldest_seconds(basis)
    now = recount.open_now()
    rows["open", "", "", "", "", ""] = now["items"]
    rows["open_overdue", "", "", "", "", ""] = now["overdue"]
    rows["open_at_risk", "", "", "", "", ""] = now["at_risk"]
    return rows


# --- the page ------------------------------------------------------------------------------------


def page_of(recount: Recount) -> tuple[list[list[str]], list[list[str]], dict[str, str]]:
    """The rows of the first two tables, and the figures."""
    curves = recount.curves()
    waits = [
        [
            " ".join(SAID[Clock(clock), Basis(basis)]),
            _length(curve.median),
            _length(curve.p90),
            *(_share(curve.waiting(seconds)) for seconds in AGES.values()),
        ]
        for (clock, basis), curve in curves.items()
    ]
    due = [
        [
            *(each["target"], each["tier"], f"{each['met']:,}", f"{each['missed']:,}"),
            *(_share(each["service_level"]), _share(each["objective"]), f"{each['excused']:,}"),
        ]
        for each in _due(recount, is_first=True)
    ]
    now, person = recount.open_now(), curves["wall", "published"]
    published, received = (
        said_length(int(recount.oldest_seconds(basis) or 0)) for basis in ("published", "received")
    )
    figures = {
        "Half had a reply within": _length(person.median, "not half of them yet"),
        "Nine of ten within": _length(person.p90, "not nine of ten yet"),
        "Oldest open": published,
        "Open": f"{now['items']:,}",
        "Late": f"{now['overdue']:,}",
        "Soon late": f"{now['at_risk']:,}",
        "Oldest since it was written": published,
        "Oldest since it came to us": received,
    }
    return waits, due, figures


def _length(seconds: int | None, otherwise: str = NONE) -> str:
    return otherwise if seconds is None else said_length(seconds)


def _share(of: Any) -> str:
    return NONE if of is None else share(float(of))


# --- the metrics ---------------------------------------------------------------------------------


async def exposed(bench: Bench) -> tuple[dict[Any, float], datetime]:
    """What Prometheus reads, by name and labels, and of when it is."""
    figures = await PostgresFigures(
        bench.engine,
        workspace=lambda: bench.configuration,
        capabilities=lambda: dict.fromkeys(bench.configuration.sources, bench.place.capabilities),
    ).figures()
    collector, registry = LedgerCollector(), CollectorRegistry()
    collector.show(figures)
    registry.register(collector)
    samples = {
        (sample.name.removeprefix("responder_"), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }
    return samples, figures.at


def metrics_of(recount: Recount) -> dict[Any, Any]:
    """The figures that this page and Prometheus share; what is 0 may be there or not."""
    found: dict[Any, Any] = {}
    for (tier, clock, basis), waited in first_replies(recount.everybody, recount.at).items():
        labels = {"tier": tier, "clock": clock, "basis": basis}
        found |= _histogram("first_response_seconds", labels, waited)
        if (clock, basis) == ("wall", "published"):
            by_platform = found.setdefault("platform", [])
            by_platform += waited
    found |= _histogram(
        "platform_first_response_seconds", {"platform": "guestbook"}, found.pop("platform", [])
    )
    everything = Recount(recount.everybody, recount.at, date.min, date.max)
    for (sla, tier), counts in everything.due(is_first=True).items():
        for outcome, items in counts.items():
            found[_key("sla_due_total", sla=sla, tier=tier, outcome=outcome)] = items
    person = recount.curves()["wall", "published"]
    for name, seconds in AGES.items():
        left = person.waiting(seconds)
        found[_key("unanswered_ratio", cohort=name)] = left and pytest.approx(float(left))
    return found


def _histogram(name: str, labels: dict[str, str], waited: list[float]) -> dict[Any, Any]:
    found: dict[Any, Any] = {
        _key(f"{name}_bucket", **labels, le=str(float(bound))): sum(x <= bound for x in waited)
        for bound in BOUNDS
    }
    found[_key(f"{name}_count", **labels)] = len(waited)
    found[_key(f"{name}_sum", **labels)] = pytest.approx(sum(waited))
    return found


def _key(name: str, **labels: str) -> Any:
    return name, frozenset(labels.items())


def summed(samples: dict[Any, float], name: str) -> float:
    return sum(value for (sample, _), value in samples.items() if sample == name)


# --- all together --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_figure_is_what_counting_once_more_gives_everywhere(
    console: ConsoleBench, ana: Reader, api: aiohttp.ClientSession, seed: int
) -> None:
    bench = console.bench
    history = await happened(bench, seed)
    today = bench.clock.now().date()
    for first, last in (
        (today - timedelta(days=29), today),
        (today - timedelta(days=6), today),
        (today - timedelta(days=5), today - timedelta(days=3)),
    ):
        said = await api_says(api, first, last)
        recount = recounted(history, datetime.fromisoformat(said["as_of"]), first, last)
        assert {name: said[name] for name in api_of(recount)} == api_of(recount)

        shown = await ana.open(f"insights/response-times?first={first}&last={last}")
        assert shown.status == 200, shown.text
        page = Told(shown.html)
        as_of = next(each for each in page.times if "." in each and each.endswith("+00:00"))
        waits, due, figures = page_of(
            recounted(history, datetime.fromisoformat(as_of), first, last)
        )
        assert page.tables[0][1:] == waits
        assert [row for row in page.tables[1][1:] if row[0] != "All"] == due
        assert page.figures == figures

        table = await ana.open(f"insights/response-times.csv?first={first}&last={last}")
        rows = {tuple(row[:-1]): row[-1] for row in csv.reader(StringIO(table.html))}
        as_of = rows["as_of", "", "", "", "", ""]
        expected = table_of(recounted(history, datetime.fromisoformat(as_of), first, last))
        assert expected.keys() <= rows.keys()
        for key, value in expected.items():
            number = rows[key]
            assert (number and float(number)) == (
                "" if value is None else pytest.approx(float(value))
            )
    await metrics_equal(bench, history)
    assert await kept_counts_are_right(bench)
    await bench.audited()


async def metrics_equal(bench: Bench, history: History) -> None:
    samples, at = await exposed(bench)
    days = (at.date() - timedelta(days=COHORT_DAYS - 1), at.date())
    recount = recounted(history, at, *days)
    for key, value in metrics_of(recount).items():
        assert samples.get(key) == value, key
    now = recount.open_now()
    assert summed(samples, "open_items") == now["items"]
    assert summed(samples, "open_overdue_items") == now["overdue"]
    assert summed(samples, "open_at_risk_items") == now["at_risk"]
    assert summed(samples, "sla_due_total") == sum(
        settled.is_first for each in recount.everybody for settled in each.settled
    )


@pytest.mark.parametrize(("cheat", "where"), CHEATS)
async def test_a_count_that_somebody_changed_by_hand_is_found(
    console: ConsoleBench, api: aiohttp.ClientSession, cheat: str, where: str
) -> None:
    """The comparisons above can fail: with a planted fault they do, and only where it shows."""
    bench = console.bench
    history = await happened(bench, seed=3, length=HISTORY / 2)
    await TallyRows(bench.engine).fold()
    async with transaction(bench.engine) as connection:
        await connection.execute(text(cheat))
    assert not await kept_counts_are_right(bench)
    assert await is_api_right(bench, api, history) == (where != "api")
    assert await are_metrics_right(bench, history) == (where != "metrics")
    await TallyRows(bench.engine).rebuild()
    assert await kept_counts_are_right(bench)
    assert await is_api_right(bench, api, history)
    assert await are_metrics_right(bench, history)


async def is_api_right(bench: Bench, api: aiohttp.ClientSession, history: History) -> bool:
    today = bench.clock.now().date()
    said = await api_says(api, today - timedelta(days=29), today)
    at = datetime.fromisoformat(said["as_of"])
    expected = api_of(recounted(history, at, today - timedelta(days=29), today))
    return {name: said[name] for name in expected} == expected


async def are_metrics_right(bench: Bench, history: History) -> bool:
    try:
        await metrics_equal(bench, history)
    except AssertionError:
        return False
    return True
