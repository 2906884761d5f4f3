"""`python -m bench`: measure, print the table, keep it."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import explanation, plot, table
from bench.brokers import running_cluster
from bench.figures import OURS
from bench.rows import ROWS
from bench.setting import Setting

SMALL_AT_ONCE = 3
"""A small row mostly waits: for processes to start, for groups to gather, for one clock or another."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every run counts; 1 where something was lost, out of order, or committed too early.

    A bar that does not hold is shown and fails nothing: figures depend on the machine.
    """
    asked = _parser().parse_args(arguments)
    names = asked.only or list(ROWS)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        setting = Setting(runs=asked.runs, folder=Path(folder), pictures=plot.IMAGES)
        if asked.smoke:
            rows = asyncio.run(_small(names, setting))
        else:
            rows = [row for name in names for row in _whole(name, setting)]
    print(table.markdown(rows))
    return 1 if any(OURS in row["void"] for row in rows) else 0


def _whole(name: str, setting: Setting) -> list[table.Kept]:
    """Kept at once: a later row may fail for want of Java."""
    rows = asyncio.run(_measured(name, setting))
    kept = table.merge(rows)
    table.write_readme(kept)
    plot.write(rows)
    explanation.write(kept)
    return rows


async def _small(names: Sequence[str], setting: Setting) -> list[table.Kept]:
    """One run of each, some at once, on one broker; nothing is kept."""
    turns = asyncio.Semaphore(SMALL_AT_ONCE)
    async with running_cluster(is_measured=False) as shared:
        small = replace(setting, runs=1, pictures=setting.folder, shared=shared)

        async def in_turn(name: str) -> list[table.Kept]:
            async with turns:
                return await _measured(name, small)

        found = await asyncio.gather(*map(in_turn, names))
    return [row for rows in found for row in rows]


async def _measured(name: str, setting: Setting) -> list[table.Kept]:
    print(f"{name} …", file=sys.stderr, flush=True)
    own = setting.folder / name
    await asyncio.to_thread(own.mkdir)
    return [row.as_json() for row in await ROWS[name](replace(setting, folder=own))]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(ROWS), help="may be repeated")
    parser.add_argument("--smoke", action="store_true", help="small, and keeps nothing")
    parser.add_argument("--runs", type=int, default=5, help="of each row; 1 with --smoke")
    return parser


if __name__ == "__main__":
    sys.exit(main())
