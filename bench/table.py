"""The table: kept as JSON, row by row, and printed as text or Markdown."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.figures import OURS

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
README = FOLDER / "README.md"
HEAD = ("", "workload", "unit", "ours", "peers", "ideal", "ratio", "bar", "held", "CPU µs")

WHOLE_FROM = 1_000

Kept = Mapping[str, Any]


class FewerRuns(Exception):
    """What is kept was measured with more runs."""


def merge(fresh: Sequence[Kept], path: Path = RESULTS, *, may_be_fewer: bool = False) -> list[Kept]:
    """Put these in the place of the rows with the same ids; gives all that are kept now.

    Raises:
        FewerRuns: more were asked for when one of those was measured, and these may not be fewer.
    """
    kept: list[Kept] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    replaced = {row["id"] for row in fresh}
    asked = min((row["asked"] for row in fresh), default=0)
    most = max((row["asked"] for row in kept if row["id"] in replaced), default=0)
    if asked < most and not may_be_fewer:
        raise FewerRuns(f"of {most} runs is kept, these are of {asked}: not without --fewer-runs")
    rows = [row for row in kept if row["id"] not in replaced] + list(fresh)
    rows.sort(key=lambda row: str(row["id"]))
    text = json.dumps(rows, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return rows


def markdown(rows: Sequence[Kept]) -> str:
    """A table, then what was void, then what each row ran on."""
    if not rows:
        return "It is empty: no row has been measured since it last changed."
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    lines += [_line(_cells(row)) for row in rows]
    void = [
        f"- {row['id']}, {row['case']}, {name}: {' '.join(each.split())}"
        for row in rows
        for name, all_ in row["void"].items()
        for each in all_
    ]
    if void:
        lines += ["", "Void runs, which count for nothing:", "", *void]
    return "\n".join([*lines, "", *_conditions(rows)])


def write_readme(rows: Sequence[Kept], path: Path = README) -> None:
    """Put the table between its marks in the README."""
    fill_in(path, "table", markdown(rows))


def fill_in(path: Path, name: str, text: str) -> None:
    """Write a part of a page anew: what stands between `<!-- name: begin -->` and its end.

    Raises:
        ValueError: the page has no such part.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = path.read_text(encoding="utf-8")
    if begin not in page or end not in page:
        raise ValueError(f"{path.name} has no part {name}")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _cells(row: Kept) -> list[str]:
    peers = [f"{name} {_figure(row, name, each)}" for name, each in row["peers"].items()]
    return [
        row["id"],
        row["case"],
        row["unit"],
        _figure(row, OURS, row["ours"]),
        "<br>".join(peers) or "–",
        _number(row["ideal"]),
        _number(row["ratio"]),
        row["bar"] or "–",
        {True: "yes", False: "**no**", None: "–"}[row["held"]],
        "<br>".join(f"{name} {_number(each)}" for name, each in row["cpu_micros"].items()) or "–",
    ]


def _figure(row: Kept, name: str, value: float | None) -> str:
    """The median with the least, the most, and of how many runs."""
    if value is None:
        return "–"
    (least, most), runs = row["spread"][name], row["runs"][name]
    said = "1 run" if runs == 1 else f"{digits(least)}–{digits(most)}, {runs} runs"
    return f"{digits(value)} ({said})"


def _number(value: float | None) -> str:
    return "–" if value is None else digits(value)


def digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= WHOLE_FROM else f"{value:.4g}"


def _conditions(rows: Sequence[Kept]) -> list[str]:
    """Each way in which rows were made, once, with the rows that were."""
    made: dict[str, list[str]] = {}
    for row in rows:
        words = "; ".join(f"{name} {value}" for name, value in row["how"].items())
        ids = made.setdefault(words, [])
        if row["id"] not in ids:
            ids.append(row["id"])
    return [f"- {', '.join(ids)}: {words}" for words, ids in made.items() if words]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
