"""What is kept when one row is measured anew, and how the pictures show it."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench import curves, explanation, plot, table
from bench.browser import Form
from bench.figures import Bar, Figure, Row
from bench.memory import growth


def kept(number: str, ours: float, *, runs: int = 5, **how: str) -> dict[str, Any]:
    bar = Bar(sign="≤", value=50, unit="ms")
    row = Row(id=number, case="a case", unit="ms", ours=Figure([ours]), bar=bar, how=how)
    return row.as_json() | {"asked": runs}


def page_with(*parts: str) -> str:
    marked = "".join(f"<!-- {part}: begin -->\nold\n<!-- {part}: end -->\n" for part in parts)
    return f"before\n{marked}after\n"


def test_a_row_that_is_measured_anew_replaces_its_own_and_no_other(tmp_path: Path) -> None:
    results, readme = tmp_path / "results.json", tmp_path / "README.md"
    readme.write_text(page_with("table"), encoding="utf-8")
    table.merge([kept("P6", 1, measured="Monday"), kept("P8", 2, measured="Monday")], results)
    rows = table.merge([kept("P7", 3, measured="Tuesday"), kept("P8", 4)], results)
    table.write_readme(rows, readme)
    assert {row["id"]: row["ours"] for row in json.loads(results.read_text(encoding="utf-8"))} == {
        "P6": 1,
        "P7": 3,
        "P8": 4,
    }
    page = readme.read_text(encoding="utf-8")
    assert page.startswith("before\n")
    assert page.endswith("\nafter\n")
    assert "old" not in page
    assert "- P6: measured Monday" in page
    assert "- P7: measured Tuesday" in page


def test_a_row_of_fewer_runs_takes_the_place_of_one_of_more_only_when_told_to(
    tmp_path: Path,
) -> None:
    results = tmp_path / "results.json"
    table.merge([kept("P6", 1, runs=5)], results)
    with pytest.raises(table.FewerRuns, match="of 5 runs is kept, these are of 1"):
        table.merge([kept("P6", 2, runs=1)], results)
    assert [row["ours"] for row in table.merge([], results)] == [1]
    assert [row["ours"] for row in table.merge([kept("P7", 3, runs=1)], results)] == [1, 3]
    told = table.merge([kept("P6", 2, runs=1)], results, may_be_fewer=True)
    assert [row["ours"] for row in told] == [2, 3]


def test_pages_say_that_nothing_is_measured(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(page_with("table", "costs", "pictures"), encoding="utf-8")
    table.write_readme([], page)
    explanation.write([], page, tmp_path)
    said = page.read_text(encoding="utf-8")
    assert "It is empty" in said
    assert "Not measured since it last changed." in said
    assert "There is none" in said
    assert "old" not in said


def test_what_one_comment_costs_stands_in_the_page_with_every_picture(tmp_path: Path) -> None:
    page, images = tmp_path / "page.md", tmp_path / "images"
    images.mkdir()
    page.write_text(page_with("costs", "pictures"), encoding="utf-8")
    rows = [
        kept("P6", 900),
        kept("P9", 0.61) | {"case": "500/s: CPU of triage per comment"},
        kept("P9", 0.58) | {"case": "800/s: CPU of triage per comment"},
        kept("P9", 0.3) | {"case": "500/s: CPU of kafka per comment"},
        kept("P9", 1440) | {"case": "500/s: kafka: disk per comment", "unit": "bytes"},
    ]
    plot.write(rows, images)
    explanation.write(rows, page, images)
    said = page.read_text(encoding="utf-8")
    assert "| CPU of triage per comment, ms | 0.61 | 0.58 |" in said
    assert "| CPU of all of them, ms | 0.91 | 0.58 |" in said
    assert "| kafka: disk per comment, bytes | 1,440 | – |" in said  # noqa: RUF001 - as it is printed
    assert "![P6](images/bench-p6.svg)" in said
    assert "old" not in said


def test_a_page_without_a_place_for_the_table_is_not_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Nothing to fill in.", encoding="utf-8")
    with pytest.raises(ValueError, match="no part table"):
        table.write_readme([kept("P6", 1)], page)


def test_a_picture_tells_nothing_to_run(tmp_path: Path) -> None:
    plot.write([kept("P7", 3)], tmp_path)
    curves.write(tmp_path / "memory.svg", "<memory>", [{"triage": [1, 2, 3], "<late>": [5]}])
    for file in tmp_path.glob("*.svg"):
        assert "<script" not in file.read_text(encoding="utf-8")


def test_a_line_of_what_began_late_ends_with_the_others() -> None:
    picture = curves.draw("<memory>", [{"long": [10, 10, 10], "<late>": [5]}])
    lines = [part.partition('"')[0] for part in picture.split('points="')[1:]]
    assert "&lt;memory&gt;" in picture
    assert "&lt;late&gt; 5" in picture
    assert len({line.split()[-1].partition(",")[0] for line in lines}) == 1


def test_what_is_held_is_flat_where_the_end_holds_no_more_than_the_beginning() -> None:
    assert growth([100, 120, 90, 95, 110, 120]) == 1
    assert growth([100, 100, 150, 150, 200, 200]) == 2


PAGE = b"""
<form action="/search"><input name="q" value="x"></form>
<form method="post" action="/engagements/1/send?queue=a&amp;b=1">
<input type="hidden" name="key" value="k1"><textarea name="text">
Yes &amp; no.
</textarea></form>
<form action="/engagements/1/close"><input name="key" value="k2"></form>
"""


def test_a_form_is_sent_back_with_what_its_fields_hold() -> None:
    form = Form(PAGE, "/send")
    assert form.action == "/engagements/1/send?queue=a&b=1"
    assert form.fields == {"key": "k1", "text": "Yes & no.\n"}
