"""`python -m bench`: measure, print the table, keep it."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import explanation, plot, table
from bench.brokers import running_cluster
from bench.figures import OURS
from bench.rows import MEASURED_WITH, ROWS
from bench.setting import Setting

SMALL_AT_ONCE = 3
"""A small row mostly waits: for processes to start, for groups to gather, for one clock or another."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every run counts; 1 where a row broke off, or something was lost or out of order.

    A bar that does not hold is shown and fails nothing: figures depend on the machine.
    """
    asked = _parser().parse_args(arguments)
    names = list(dict.fromkeys(MEASURED_WITH.get(name, name) for name in asked.only or ROWS))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        setting = Setting(runs=asked.runs, folder=Path(folder))
        if asked.smoke:
            found = asyncio.run(_small(names, setting))
        else:
            found = [_whole(name, setting, may_be_fewer=asked.fewer_runs) for name in names]
    rows = [row for each in found for row in each or ()]
    print(table.markdown(rows))
    return 1 if None in found or any(OURS in row["void"] for row in rows) else 0


def _whole(name: str, setting: Setting, *, may_be_fewer: bool) -> list[table.Kept] | None:
    """Kept at once: a later row may fail for want of Java."""
    rows = asyncio.run(_measured(name, setting))
    if rows is None:
        return None
    try:
        kept = table.merge(rows, may_be_fewer=may_be_fewer)
    except table.FewerRuns as error:
        print(f"{name} is not kept: {error}", file=sys.stderr)
        return rows
    table.write_readme(kept)
    plot.write(rows)
    for picture in (setting.folder / name).glob("*.svg"):
        shutil.copy(picture, plot.IMAGES)
    explanation.write(kept)
    return rows


async def _small(names: Sequence[str], setting: Setting) -> list[list[table.Kept] | None]:
    """One run of each, some at once, on one broker; nothing is kept."""
    turns = asyncio.Semaphore(SMALL_AT_ONCE)
    async with running_cluster(is_measured=False) as shared:
        small = replace(setting, runs=1, shared=shared)

        async def in_turn(name: str) -> list[table.Kept] | None:
            async with turns:
                return await _measured(name, small)

        return await asyncio.gather(*map(in_turn, names))


async def _measured(name: str, setting: Setting) -> list[table.Kept] | None:
    """The rows; None where it broke off, which is told at once: the others are measured all the same."""
    print(f"{name} …", file=sys.stderr, flush=True)
    own = setting.folder / name
    await asyncio.to_thread(own.mkdir)
    try:
        rows = await ROWS[name](replace(setting, folder=own))
    except Exception:  # noqa: BLE001 - printed, and the exit code tells
        traceback.print_exc()
        return None
    how = {"command": f"make bench ONLY={name} RUNS={setting.runs}"}
    return [row.as_json() | {"asked": setting.runs, "how": how | dict(row.how)} for row in rows]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [*ROWS, *MEASURED_WITH]
    parser.add_argument("--only", action="append", choices=names, help="may be repeated")
    parser.add_argument("--smoke", action="store_true", help="small, and keeps nothing")
    parser.add_argument("--runs", type=int, default=5, help="of each row; 1 with --smoke")
    parser.add_argument(
        "--fewer-runs", action="store_true", help="keep these also in the place of more runs"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
