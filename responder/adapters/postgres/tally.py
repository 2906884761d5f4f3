"""Counts that are kept instead of counted: what a page says of the whole ledger without reading it.

Triggers keep them (see the migrations `v0_1_09_pre_tally` and `v0_1_14_pre_response_times`). `tally`
and what `tally_change` has not handed to it yet are read in one statement, so a figure is exact at
every moment, folded or not.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import patient, transaction
from responder.audit.ports import Miscount
from responder.engagement.lifecycle import ENDS, OPEN, State
from responder.review.ports import Balance

FOLD_LOCK = 0x7461_6C6C
SHOWN = 100
_COLUMNS = "kind, labels, items, seconds, newest"


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
    """What stands where, at one moment."""

    standings: Sequence[Standing]
    letters: Sequence[Letters]

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
        """What came in, and how it ended.

        What the ledger has lost is `missing`, which the audit finds: from the rows that are there
        nobody can tell.
        """
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
    return tally_of(await kept(connection, "engagement", "dead_letter"))


async def kept(connection: AsyncConnection, *kinds: str) -> Rows:
    """The counts of these kinds."""
    found = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM tally_kept WHERE kind = ANY(CAST(:kinds AS text[]))"),  # noqa: S608 - a constant
        {"kinds": list(kinds)},
    )
    return _by_labels(found.all())


async def kept_by_day(connection: AsyncConnection, first: date, last: date) -> Rows:
    """The counts of kinds whose first label is a day, of these days together, without that label."""
    found = await connection.execute(
        text("""
            SELECT kind, labels[2:] AS labels, sum(items)::bigint AS items, sum(seconds) AS seconds,
              max(newest) AS newest
            FROM (TABLE tally UNION ALL TABLE tally_change) r
            WHERE kind IN ('day_due', 'day_wait')
              AND labels >= ARRAY[CAST(:first AS text)] AND labels < ARRAY[CAST(:beyond AS text)]
            GROUP BY 1, 2 HAVING sum(items) <> 0
            """),
        {"first": first.isoformat(), "beyond": (last + timedelta(days=1)).isoformat()},
    )
    return _by_labels(found.all())


async def miscounts(connection: AsyncConnection) -> tuple[Miscount, ...]:
    """Where the kept counts are not what a count gives, at most `SHOWN`. Reads the whole ledger.

    Both sides are read by one statement: as they are at one moment, whatever goes on meanwhile.
    """
    found = await connection.execute(_MISCOUNTS, {"shown": SHOWN})
    return tuple(
        Miscount(
            what=" ".join([row.kind, *filter(None, row.labels)]), kept=row.kept, counted=row.counted
        )
        for row in found
    )


_MISCOUNTS = text("""
    SELECT kind, labels, COALESCE(k.items, 0) AS kept, COALESCE(c.items, 0) AS counted
    FROM tally_kept k FULL JOIN tally_counted c USING (kind, labels)
    WHERE (COALESCE(k.items, 0), COALESCE(k.seconds, 0))
      <> (COALESCE(c.items, 0), COALESCE(c.seconds, 0))
    ORDER BY kind, labels LIMIT :shown
    """)


def _by_labels(rows: Iterable[Any]) -> Rows:
    return {
        (kind, tuple(labels)): (items, seconds, newest)
        for kind, labels, items, seconds, newest in rows
    }


def tally_of(rows: Rows) -> Tally:
    standings: list[Standing] = []
    letters: list[Letters] = []
    for (kind, labels), (items, _, newest) in rows.items():
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
            case _:
                raise ValueError(f"nobody reads a count of {kind} by {len(labels)} labels")
    return Tally(standings, letters)


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
