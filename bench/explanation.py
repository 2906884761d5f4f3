"""What the page about performance shows of the rows: what one comment costs, and every picture."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import plot
from bench.table import Kept, digits, fill_in

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"


def write(rows: Sequence[Kept], path: Path = PAGE, images: Path = plot.IMAGES) -> None:
    """Write both parts anew; those of which no row is measured say so."""
    fill_in(path, "costs", "\n".join(costs(rows)))
    fill_in(path, "pictures", "\n".join(_pictures(path.parent, images)))


def costs(rows: Sequence[Kept]) -> Iterator[str]:
    """The rows of P9 as a table, with the sum of all CPU: what is measured down, the rates across."""
    figures: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        if row["id"] == "P9" and row["ours"] is not None:
            rate, _, what = row["case"].partition(": ")
            figures[f"{what}, {row['unit']}" if row["unit"] else what][rate] = row["ours"]
            if what.startswith("CPU of "):
                figures["CPU of all of them, ms"][rate] += row["ours"]
    if not figures:
        yield "Not measured since it last changed."
        return
    rates = list(dict.fromkeys(rate for values in figures.values() for rate in values))
    yield _line(["", *(f"at {rate}" for rate in rates)])
    yield _line(["---"] * (1 + len(rates)))
    for what, values in figures.items():
        yield _line([what, *(digits(values[rate]) if rate in values else "–" for rate in rates)])


def _pictures(page: Path, images: Path) -> Iterator[str]:
    files = sorted(images.glob("bench-*.svg"))
    if not files:
        yield "There is none: no row has been measured since it last changed."
    for file in files:
        number = file.stem.removeprefix("bench-").replace("-", ", ")
        yield f"![{number.capitalize()}]({Path(os.path.relpath(file, page)).as_posix()})"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
