"""The audit that goes on while everything runs: what is new at once, all the rest in slices.

Each part is one transaction: it takes its place in `audit_walk`, looks at a bounded piece, keeps what
it found and where it goes on. So it goes on after a crash, and several audit roles share the work.
A part that is far behind catches up a piece at a time, and no piece grows with the ledger but the
count of everything: that is made apart, and the more rarely the longer it takes. One that cannot be
looked at keeps nobody from the others.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres import findings, missing
from responder.adapters.postgres.chain_walk import broken_still, read_head, walk_on
from responder.adapters.postgres.engine import patient, transaction
from responder.adapters.postgres.generations import recent_logs
from responder.adapters.postgres.histories import (
    LOWEST,
    ids_after,
    ids_of_received,
    unlike_histories,
)
from responder.adapters.postgres.missing import (
    BEGIN,
    COMMENTS,
    HORIZON,
    RECEIVED,
    SETTLING_SECONDS,
    Trace,
)
from responder.adapters.postgres.tally import miscounts
from responder.adapters.postgres.walks import Walk, leave, read_walks, take
from responder.audit.chain import Head
from responder.audit.ports import Check, Finding, Followed, Round, Standing
from responder.engagement.errors import Unavailable

NEW_SECONDS = 10.0
"""What is new is looked at so often."""
AGAIN_SECONDS = 60.0
"""A slice of the rest is looked at so often."""
COUNT_SHARE = 100.0
FIRST_MINUTES = 10
"""What came in before the first look is looked at in slices."""
NEW_IDS = 50_000
NEW_ENTRIES = 20_000
OLD_ENTRIES = 10_000
STATES = 5_000


@dataclass(slots=True)
class Piece:
    """What a part of the audit does in one transaction, and what comes of it."""

    connection: AsyncConnection
    walk: Walk
    settling_seconds: float
    found: list[Finding] = field(default_factory=list)
    position: dict[str, Any] = field(default_factory=dict)
    """Where it goes on."""
    is_complete: bool = False
    """It has been everywhere, and begins again."""
    mended: tuple[Finding, ...] = ()
    head: Head | None = None


Work: TypeAlias = Callable[[Piece], Awaitable[None]]


class LiveAudit:
    """Looks, keeps what it finds, and says it once.

    Args:
        engine: of the ledger.
        settling_seconds: a received id younger than this may still be on its way.
        new_seconds: how often what is new is looked at.
        again_seconds: how often a slice of the rest is.
        count_share: so many times as long as counting everything took passes until the next.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        settling_seconds: float = SETTLING_SECONDS,
        new_seconds: float = NEW_SECONDS,
        again_seconds: float = AGAIN_SECONDS,
        count_share: float = COUNT_SHARE,
    ) -> None:
        self._engine = engine
        self._settling_seconds = settling_seconds
        self._new_seconds = new_seconds
        self._again_seconds = again_seconds
        self._count_share = count_share

    async def round(self) -> Round:
        """Whatever is due, but the count of everything. Raises Unavailable."""
        return await self._round(name for name in PARTS if name != COUNTS)

    async def recount(self) -> Round:
        """The count of everything, if it is due; it may take minutes. Raises Unavailable."""
        return await self._round([COUNTS])

    async def _round(self, names: Iterable[str]) -> Round:
        async with transaction(self._engine) as connection:
            walks = await read_walks(connection)
        head: Head | None = None
        mended: list[Finding] = []
        unlooked: dict[str, str] = {}
        for name in names:
            if walks[name].age_seconds < self._pause(walks[name]):
                continue
            try:
                piece = await self._work(walks[name], PARTS[name])
            except Unavailable as error:  # it is due again at the next round
                unlooked[name] = str(error)
            else:
                head = piece.head or head
                mended += piece.mended
        async with transaction(self._engine) as connection:
            mended += await _look_again(connection, self._settling_seconds)
            found = await findings.tell(connection)
            await _sum_up(connection)
            standing = await read_standing(connection)
        return Round(
            found=found, mended=tuple(mended), standing=standing, head=head, unlooked=unlooked
        )

    def _pause(self, walk: Walk) -> float:
        if walk.name in NEW:
            return self._new_seconds
        return max(self._again_seconds, self._count_share * float(walk.position.get("took", 0.0)))

    async def _work(self, walk: Walk, work: Work) -> Piece:
        is_long = walk.name == COUNTS
        async with (
            patient(self._engine) if is_long else nullcontext(self._engine) as engine,
            transaction(engine) as connection,
        ):
            piece = Piece(connection, walk, self._settling_seconds)
            if await take(connection, walk):
                await work(piece)
                await findings.keep(connection, piece.found)
                await leave(connection, walk, piece.position, is_complete=piece.is_complete)
            return piece


async def _received(piece: Piece) -> None:
    """What came in lately: is it in the ledger, and does its history say so?"""
    connection = piece.connection
    since, until = await _window(piece)
    piece.position = {"to": max(since, until).isoformat()}
    if since < until:
        lost = await missing.missing_since(
            connection, since, until, settling_seconds=piece.settling_seconds
        )
        piece.found += [each.finding for each in lost]
        ids = await ids_of_received(connection, since, until)
        piece.found += await unlike_histories(connection, ids)


async def _window(piece: Piece) -> tuple[datetime, datetime]:
    """From where it stopped to what has settled, and never too much at once."""
    found = await piece.connection.execute(
        text(f"""
            SELECT s.since, LEAST({HORIZON}, (
              SELECT seen_at FROM received_id WHERE seen_at > s.since
              ORDER BY seen_at OFFSET :most LIMIT 1)) AS until
            FROM (SELECT COALESCE(CAST(:to AS timestamptz),
              now() - interval '{FIRST_MINUTES} minutes') AS since) s
            """),  # noqa: S608 - constants
        {"settling": piece.settling_seconds, "most": NEW_IDS, "to": _at(piece)},
    )
    since, until = found.one()
    return since, until


def _at(piece: Piece) -> datetime | None:
    to = piece.walk.position.get("to")
    return None if to is None else datetime.fromisoformat(to)


async def _chain(piece: Piece) -> None:
    """What was sealed lately."""
    await _follow(piece, most=NEW_ENTRIES)


async def _chain_again(piece: Piece) -> None:
    """What was sealed at any time, from the first entry to the last, and from the first again."""
    await _follow(piece, most=OLD_ENTRIES)
    if piece.is_complete:
        piece.position = {}


async def _follow(piece: Piece, *, most: int) -> None:
    walked = await walk_on(piece.connection, piece.walk.head, most=most)
    piece.found += walked.findings
    piece.found += await unlike_histories(piece.connection, walked.engagements)
    piece.position = {"head": str(walked.head)}
    piece.is_complete = walked.is_at_end


def _slices(trace: Trace) -> Work:
    """All ids that left this trace, whenever that was."""

    async def work(piece: Piece) -> None:
        source, comment_id = piece.walk.position.get("after", BEGIN)
        lost, high = await missing.slice_of(
            piece.connection,
            trace,
            (source, comment_id),
            settling_seconds=piece.settling_seconds,
        )
        piece.found += [each.finding for each in lost]
        piece.position = {} if high is None else {"after": high}
        piece.is_complete = high is None

    return work


async def _states(piece: Piece) -> None:
    """All comments, whether or not anything says that they are there."""
    low = UUID(piece.walk.position.get("after", str(LOWEST)))
    ids = await ids_after(piece.connection, low, most=STATES)
    piece.found += await unlike_histories(piece.connection, ids)
    piece.is_complete = len(ids) < STATES
    piece.position = {} if piece.is_complete else {"after": str(ids[-1])}


async def _counts(piece: Piece) -> None:
    """Everything that pages and metrics count, counted."""
    clock = text("SELECT extract(epoch FROM clock_timestamp())::float8")
    began = (await piece.connection.execute(clock)).scalar_one()
    wrong = [each.finding for each in await miscounts(piece.connection)]
    took = (await piece.connection.execute(clock)).scalar_one() - began
    names = {each.name for each in wrong}
    piece.mended = await findings.drop_all_but(piece.connection, Check.COUNT, names)
    piece.found += wrong
    piece.position = {"took": took}
    piece.is_complete = True


async def _head(piece: Piece) -> None:
    """Where the chain ends, for whoever keeps it elsewhere."""
    piece.head = await read_head(piece.connection)


COUNTS = "counts"
PARTS: Mapping[str, Work] = {
    "received": _received,
    "chain": _chain,
    "comments": _slices(COMMENTS),
    "received again": _slices(RECEIVED),
    "chain again": _chain_again,
    "states": _states,
    COUNTS: _counts,
    "head": _head,
}
"""By the name of their walk."""
NEW = frozenset({"received", "chain"})
SLICED = ("comments", "received again", "chain again", "states")


async def _look_again(connection: AsyncConnection, settling_seconds: float) -> tuple[Finding, ...]:
    """Look for rows that were deleted, and once more at all that was found; gives what is mended."""
    mended: list[Finding] = []
    known = await findings.totals(connection)
    keys = [
        (str(each.facts["source"]), str(each.facts["comment_id"]))
        for each in await _known(connection, known, Check.MISSING)
    ]
    lost = await missing.still_missing(
        connection, keys, settling_seconds=settling_seconds, most=findings.MOST
    )
    await findings.keep(connection, (each.finding for each in lost))
    if Check.MISSING in known:
        still = {each.name for each in lost}
        mended += await findings.drop_all_but(connection, Check.MISSING, still)
    if unlike := await _known(connection, known, Check.STATE):
        still_unlike = await unlike_histories(connection, {UUID(each.name) for each in unlike})
        names = {each.name for each in still_unlike}
        mended += await findings.drop_all_but(connection, Check.STATE, names)
    if broken := await _known(connection, known, Check.CHAIN):
        names = await broken_still(connection, broken)
        mended += await findings.drop_all_but(connection, Check.CHAIN, names)
    if Check.LOG in known:
        mended += await findings.drop_all_but(connection, Check.LOG, await recent_logs(connection))
    return tuple(mended)


async def _known(
    connection: AsyncConnection, known: Mapping[Check, int], check: Check
) -> Sequence[Finding]:
    if check not in known:
        return ()
    return await findings.read_findings(connection, check, most=findings.MOST)


async def _sum_up(connection: AsyncConnection) -> None:
    """What every page reads."""
    await connection.execute(
        text("""
            INSERT INTO conservation (at, missing, missing_comments)
            SELECT now(), count(*), count(*) FROM audit_finding WHERE kind = :missing
            ON CONFLICT (is_last) DO UPDATE SET at = EXCLUDED.at,
              missing = EXCLUDED.missing, missing_comments = EXCLUDED.missing_comments
            """),
        {"missing": Check.MISSING},
    )


async def read_standing(connection: AsyncConnection) -> Standing:
    """What is known now, by whichever process found it."""
    walks = await read_walks(connection)
    totals = await findings.totals(connection)
    found = await connection.execute(
        text("""
            SELECT (SELECT at FROM conservation) AS looked_at, (
              SELECT min(CAST(facts ->> 'number' AS bigint)) FROM audit_finding WHERE kind = :chain)
              AS broken_at
            """),
        {"chain": Check.CHAIN},
    )
    row = found.one()
    followed = walks["chain"].head.number
    compared = [walks[name].completed_at for name in SLICED]
    known = [each for each in compared if each is not None]
    return Standing(
        totals={check: totals.get(check, 0) for check in Check},
        chain=Followed(
            to=followed if row.broken_at is None else min(followed, row.broken_at - 1),
            is_valid=row.broken_at is None,
            at=walks["chain"].at,
        ),
        looked_at=row.looked_at,
        compared_at=min(known) if len(known) == len(compared) else None,
    )
