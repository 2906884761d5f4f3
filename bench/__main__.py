"""`python -m bench`: measure, print the table, keep it."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import explanation, plot, table
from bench.figures import OURS
from bench.rows import ROWS
from bench.setting import Setting


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every run counts; 1 where something was lost, out of order, or committed too early.

    A bar that does not hold is shown and fails nothing: figures depend on the machine.
    """
    asked = _parser().parse_args(arguments)
    runs = asked.runs or (1 if asked.smoke else 5)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        setting = Setting(
            runs=runs,
            is_smoke=asked.smoke,
            folder=Path(folder),
            pictures=Path(folder) if asked.smoke else plot.IMAGES,
        )
        rows = [row for each in asked.only or ROWS for row in _measure(each, setting)]
    print(table.markdown(rows))
    return 1 if any(OURS in row["void"] for row in rows) else 0


def _measure(each: str, setting: Setting) -> list[table.Kept]:
    """Measured rows are kept at once: a later one may fail for want of Java."""
    print(f"{each} …", file=sys.stderr, flush=True)
    rows: list[table.Kept] = [row.as_json() for row in asyncio.run(ROWS[each](setting))]
    if not setting.is_smoke:
        kept = table.merge(rows)
        table.write_readme(kept)
        plot.write(rows)
        explanation.write(kept)
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(ROWS), help="may be repeated")
    parser.add_argument("--smoke", action="store_true", help="small, and keeps nothing")
    parser.add_argument("--runs", type=int, help="5 by default, 1 with --smoke")
    return parser


if __name__ == "__main__":
    sys.exit(main())
