"""Counts that are kept instead of counted: what a page says of the whole ledger without reading it.

Triggers keep them (see the migration `v0_1_09_pre_tally`). `tally` and what `tally_change` has not
handed to it yet are read in one statement, so a figure is exact at every moment, folded or not.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import patient, transaction
from responder.audit.ports import Miscount
from responder.engagement.lifecycle import ENDS, OPEN, State
from responder.review.ports import Balance

FOLD_LOCK = 0x7461_6C6C
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """So many engagements are alike in all of this."""

    source: str
    queue: str
    sla: str
    """Empty: none."""
    state: State
    is_missed: bool
    is_polled: bool
    items: int
    newest: datetime | None
    """When the last of them was received. It stays when that one moves on: read it by source."""


@dataclass(frozen=True, slots=True)
class Letters:
    """So many dead letters are alike in all of this."""

    status: str
    counts: bool
    stage: str
    items: int

    @property
    def is_open(self) -> bool:
        return self.status in {"open", "retried"}


@dataclass(frozen=True, slots=True)
class Tally:
    """All counts, at one moment."""

    standings: Sequence[Standing]
    letters: Sequence[Letters]
    due: dict[tuple[str, str], int]
    """By target (empty: none) and outcome."""
    waits: Mapping[tuple[str, int], tuple[int, float]]
    """Replies and their seconds together, by clock and bucket."""

    def count(self, is_meant: Callable[[Standing], bool]) -> int:
        return sum(each.items for each in self.standings if is_meant(each))

    def matching(
        self, states: Collection[State], *, queue: str | None = None, source: str | None = None
    ) -> int:
        return self.count(
            lambda each: (
                each.state in states
                and queue in {None, each.queue}
                and source in {None, each.source}
            )
        )

    def open_by_queue(self) -> dict[str, int]:
        queues = sorted({each.queue for each in self.standings if each.state in OPEN})
        return {queue: self.matching(OPEN, queue=queue) for queue in queues}

    def balance(self, *, missing: int) -> Balance:
        """Both sides are counted apart: what came in by its comments, the ends by their states."""
        counted = [each for each in self.letters if each.counts]
        unreadable = sum(each.items for each in counted if each.is_open)
        dropped = sum(each.items for each in counted if each.status == "dropped")
        ended = {state: self.matching({state}) for state in ENDS}
        return Balance(
            accepted=self.count(lambda _: True) + unreadable + dropped + missing,
            answered=ended[State.ANSWERED],
            dismissed=ended[State.DISMISSED] + dropped,
            withdrawn=ended[State.WITHDRAWN],
            open=self.matching(OPEN) + unreadable,
            unreadable=unreadable,
        )


Rows: TypeAlias = Mapping[tuple[str, tuple[str, ...]], tuple[int, Decimal, datetime | None]]
"""Items, seconds and the newest, by kind and labels."""


async def read_tally(connection: AsyncConnection) -> Tally:
    return tally_of(await _rows(connection, "tally_kept"))


async def miscounts(connection: AsyncConnection) -> tuple[Miscount, ...]:
    """Where the kept counts are not what a count gives, at most `SHOWN`. Reads the whole ledger."""
    kept = await _rows(connection, "tally_kept")
    counted = await _rows(connection, "tally_counted")
    none = (0, Decimal(0), None)
    return tuple(
        Miscount(
            what=" ".join([key[0], *filter(None, key[1])]),
            kept=kept.get(key, none)[0],
            counted=counted.get(key, none)[0],
        )
        for key in sorted(kept.keys() | counted.keys())
        if kept.get(key, none)[:2] != counted.get(key, none)[:2]
    )[:SHOWN]


async def _rows(connection: AsyncConnection, view: str) -> Rows:
    found = await connection.execute(
        text(f"SELECT kind, labels, items, seconds, newest FROM {view}")  # noqa: S608 - one of two
    )
    return {
        (kind, tuple(labels)): (items, seconds, newest)
        for kind, labels, items, seconds, newest in found
    }


def tally_of(rows: Rows) -> Tally:
    standings: list[Standing] = []
    letters: list[Letters] = []
    due: dict[tuple[str, str], int] = {}
    waits: dict[tuple[str, int], tuple[int, float]] = {}
    for (kind, labels), (items, seconds, newest) in rows.items():
        match kind, labels:
            case "engagement", (source, queue, sla, state, missed, polled):
                standings.append(
                    Standing(
                        *(source, queue, sla, State(state), missed > "", polled > ""),
                        items=items,
                        newest=newest,
                    )
                )
            case "dead_letter", (status, counts, stage):
                letters.append(Letters(status, counts == "true", stage, items))
            case "due", (sla, outcome):
                due[sla, outcome] = items
            case "wait", (basis, bucket):
                waits[basis, int(bucket)] = (items, float(seconds))
            case _:
                raise ValueError(f"nobody reads a count of {kind} by {len(labels)} labels")
    return Tally(standings, letters, due, waits)


class TallyRows:
    """Keeps the kept counts short, and makes them right where they are wrong."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def fold(self) -> int:
        """Add what changed to what it changed, one at a time anywhere; gives how many rows."""
        async with transaction(self._engine) as connection:
            mine = await connection.execute(
                text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": FOLD_LOCK}
            )
            if not mine.scalar_one():
                return 0
            folded = await connection.execute(
                text("""
                    WITH changes AS (DELETE FROM tally_change RETURNING *),
                    folded AS (
                      INSERT INTO tally
                      SELECT kind, labels, sum(items), sum(seconds), max(newest) FROM changes
                      GROUP BY kind, labels
                      ON CONFLICT (kind, labels) DO UPDATE SET items = tally.items + EXCLUDED.items,
                        seconds = tally.seconds + EXCLUDED.seconds,
                        newest = GREATEST(tally.newest, EXCLUDED.newest))
                    SELECT count(*) FROM changes
                    """)
            )
            return int(folded.scalar_one())

    async def rebuild(self) -> None:
        """Count anew. Whoever writes waits for it: seconds where there are a million comments."""
        async with patient(self._engine) as engine, transaction(engine) as connection:
            await connection.execute(text("SELECT tally_rebuild()"))
