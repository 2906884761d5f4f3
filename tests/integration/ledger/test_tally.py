"""Counts that are kept are what a count gives: at every moment, whoever writes and whoever folds."""

import asyncio
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.migrate import migrate
from responder.adapters.postgres.tally import TallyRows, miscounts, read_tally
from responder.audit.ports import Miscount
from responder.delivery.ports import AttemptOutcome
from responder.engagement.errors import Conflict
from responder.insights.steps import STEPS as STEPS_OF_WAITS
from responder.insights.steps import outlasted, within
from responder.review.commands import Reopen
from responder.review.ports import MOST_MATCHING, QueueFilter
from responder.telemetry.catalogue import RESPONSE_BUCKETS
from responder.testing.factories import comment
from responder.testing.ledger import ANA, Bench
from responder.testing.place import Behaviour

SEEDS = 5
STEPS = 25
BESIDE = ("-0.000001", "0", "0.000001", "0.4")
UNDONE = (
    "DROP FUNCTION tally_engagement, tally_due_settled, tally_dead_letter, tally_rebuild CASCADE",
    "DROP VIEW tally_kept, tally_counted",
    "DROP TABLE response_time",
    "DROP FUNCTION tally_response_time, wait_within, wait_outlasted, office_seconds",
    "ALTER TABLE due_settled DROP COLUMN tier",
    "DROP TABLE tally, tally_change, conservation",
    "DROP INDEX engagement_open_source, engagement_oldest, engagement_attention",
    "DROP INDEX engagement_ended, engagement_ended_source, engagement_ended_queue",
    "DROP INDEX received_id_comment, delivery_job_of, inbox_done, outbox_sent",
    "CREATE INDEX engagement_ended ON engagement (state)",
    "DROP TABLE audit_walk, audit_finding, removed_row, log_generation",
    "DROP FUNCTION note_removed_engagement, note_removed_dead_letter CASCADE",
    "DROP INDEX received_id_place, engagement_received",
    "DROP TABLE webhook_message, token_use",
    "DROP TABLE stage_delay, clock_step, clock_tick, sla_terms",
    (
        "ALTER TABLE engagement DROP COLUMN audience, DROP COLUMN clock_paused_at,"
        " DROP COLUMN escalated_from, DROP COLUMN assigned_to, DROP COLUMN tier,"
        " DROP COLUMN calendar, DROP COLUMN at_risk_from, DROP COLUMN first_replied_at"
    ),
    "CREATE INDEX engagement_due ON engagement (due_at)",
    "UPDATE schema_version SET version_num = 'v0_1_08_pre_branches'",
)
"""What stood there before the counts were kept."""
TEXTS = ("Does it run offline?", "", "My phone caught fire!", "Lovely photo.", "Where is it?")


async def execute(bench: Bench, statement: str) -> None:
    async with transaction(bench.engine) as connection:
        await connection.execute(text(statement))


async def kept_waits(bench: Bench) -> Sequence[Any]:
    async with transaction(bench.engine) as connection:
        found = await connection.execute(
            text("""
                SELECT engagement_id, tier, outcome, day, ended_at, published, received,
                  published_business, received_business
                FROM response_time ORDER BY engagement_id
                """)
        )
        return found.all()


async def wrong(bench: Bench) -> tuple[Miscount, ...]:
    """Both sides in one snapshot, whatever goes on meanwhile."""
    async with transaction(bench.engine) as connection:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        return await miscounts(connection)


class Writer:
    """Somebody who does one thing after the other to comments of their own."""

    def __init__(self, bench: Bench, name: str, chance: random.Random) -> None:
        self._bench = bench
        self._name = name
        self._chance = chance
        self._made = 0

    async def go(self) -> None:
        await self._arrive()
        steps = [
            *(self._arrive, self._edit, self._delete, self._approve, self._approve),
            *(self._dismiss, self._undo, self._release, self._release, self._deliver),
            *(self._deliver, self._reopen, self._late),
        ]
        for _ in range(STEPS):
            try:
                await self._chance.choice(steps)()
            except Conflict:
                continue  # it is not in a state for that, and said so

    def _one(self) -> str:
        return f"{self._name}-{self._chance.randrange(self._made)}"

    async def _arrive(self) -> None:
        some = [f"{self._name}-{self._made + n}" for n in range(self._chance.randint(1, 4))]
        self._made += len(some)
        await self._bench.arrives(
            *(
                comment(
                    each,
                    self._chance.choice(TEXTS),
                    via=self._chance.choice(("webhook", "poll", "backfill")),
                    published_at=self._bench.clock.now(),
                )
                for each in some
            )
        )

    async def _edit(self) -> None:
        text = self._chance.choice(TEXTS) + f" {self._chance.random()}"
        await self._bench.arrives(comment(self._one(), text, kind="edited"))

    async def _delete(self) -> None:
        await self._bench.arrives(comment(self._one(), "", kind="deleted"))

    async def _approve(self) -> None:
        outcome = self._chance.choice((AttemptOutcome.SENT, AttemptOutcome.UNKNOWN))
        self._bench.place.will([Behaviour(stores=outcome == AttemptOutcome.SENT, answer=outcome)])
        await self._bench.approve(self._one())

    async def _dismiss(self) -> None:
        await self._bench.dismiss(self._one())

    async def _undo(self) -> None:
        await self._bench.undo(self._one())

    async def _release(self) -> None:
        await self._bench.release()

    async def _deliver(self) -> None:
        await self._bench.delivery.run()

    async def _reopen(self) -> None:
        item = await self._bench.item(self._one())
        await self._bench.review.reopen(
            Reopen(
                engagement_id=item.row.engagement_id,
                actor=ANA,
                key=self._bench.key(),
                context=item.context,
            )
        )

    async def _late(self) -> None:
        self._bench.clock.forward(4 * 3600)
        await self._bench.misses.record_due(at=self._bench.clock.now())


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_the_kept_counts_are_exact_whoever_writes_and_folds_meanwhile(
    bench: Bench, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's own
    tally = TallyRows(bench.engine)
    is_over = asyncio.Event()
    looked = 0

    async def look() -> None:
        nonlocal looked
        while not is_over.is_set():
            if chance.random() < 0.5:
                await tally.fold()
            assert await wrong(bench) == ()
            looked += 1

    looking = asyncio.create_task(look())
    try:
        await asyncio.gather(
            *(
                Writer(bench, name, random.Random(f"{seed}{name}")).go()  # noqa: S311 - as above
                for name in ("a", "b")
            )
        )
    finally:
        is_over.set()
        await looking
    assert looked > 0
    await tally.fold()
    assert await wrong(bench) == ()
    async with transaction(bench.engine) as connection:
        left = await connection.execute(text("SELECT count(*) FROM tally_change"))
        assert left.scalar_one() == 0


async def test_a_transaction_that_is_taken_back_leaves_no_count(bench: Bench) -> None:
    await bench.arrives(comment("c1"))
    async with bench.engine.connect() as connection:
        await connection.execute(text("UPDATE engagement SET queue = 'elsewhere'"))
        assert (await read_tally(connection)).open_by_queue() == {"elsewhere": 1}
        await connection.rollback()
    assert (await bench.desk.queue(QueueFilter())).counts == {"default": 1}


async def test_two_who_fold_at_once_add_each_change_once(bench: Bench) -> None:
    tally = TallyRows(bench.engine)
    for number in range(5):
        await bench.arrives(comment(f"c{number}"))
        await asyncio.gather(*(tally.fold() for _ in range(4)))
    assert await wrong(bench) == ()


@pytest.mark.parametrize(
    ("cheat", "named"),
    [
        ("UPDATE tally SET items = items + 2 WHERE kind = 'engagement'", (4, 2)),
        ("DELETE FROM tally WHERE kind = 'engagement'", (0, 2)),
    ],
)
async def test_an_audit_names_a_count_that_is_wrong_and_a_rebuild_mends_it(
    bench: Bench, cheat: str, named: tuple[int, int]
) -> None:
    await bench.arrives(comment("c1"), comment("c2"))
    await TallyRows(bench.engine).fold()
    await execute(bench, cheat)
    findings = await bench.auditor.audit()
    assert not findings.holds
    (found,) = findings.miscounts
    assert found.what == "engagement garden default first-reply awaiting_review"
    assert (found.kept, found.counted) == named
    await TallyRows(bench.engine).rebuild()
    await bench.audited()


async def test_a_page_counts_what_its_filter_matches(bench: Bench) -> None:
    await bench.arrives(*(comment(f"c{n}", TEXTS[n % len(TEXTS)] + f" {n}") for n in range(9)))
    await bench.dismiss("c0")
    await bench.release()
    for state in ("open", "attention", "answered", "closed", "deleted"):
        for queue in (None, "default", "alarm", "none"):
            for source in (None, "garden", "none"):
                for words in ("", "it"):
                    wanted = QueueFilter(state=state, queue=queue, source=source, text=words)
                    page = await bench.desk.queue(wanted)
                    assert page.matching == len(page.rows), wanted
    page = await bench.desk.queue(QueueFilter())
    assert sum(page.counts.values()) == page.balance.open


async def test_words_are_counted_no_further_than_anybody_reads(bench: Bench) -> None:
    await bench.arrives(*(comment(f"c{n}") for n in range(MOST_MATCHING + 5)))
    assert (await bench.desk.queue(QueueFilter(text="offline"))).matching == MOST_MATCHING + 1
    assert (await bench.desk.queue(QueueFilter())).matching == MOST_MATCHING + 5


async def test_waits_are_kept_by_the_buckets_that_metrics_show(bench: Bench) -> None:
    """Each bound belongs to its own bucket, and a microsecond more to the next."""
    async with transaction(bench.engine) as connection:
        definition = await connection.execute(
            text("SELECT pg_get_viewdef('tally_counted'::regclass)")
        )
        kept = definition.scalar_one()
    for bound in RESPONSE_BUCKETS:
        assert f"{bound}.000001" in kept
    assert kept.count(".000001") == 2 * len(RESPONSE_BUCKETS)  # by tier, and by source


async def test_waits_are_kept_by_the_steps_that_the_figures_are_made_of(bench: Bench) -> None:
    """On each step, a microsecond beside it, and between it and the next."""
    tried = [Decimal(step) + Decimal(some) for step in STEPS_OF_WAITS[1:-1] for some in BESIDE]
    async with transaction(bench.engine) as connection:
        found = await connection.execute(
            text("""
                SELECT waited, wait_within(waited::float8) AS within,
                  wait_outlasted(waited::float8) AS outlasted
                FROM unnest(CAST(:tried AS numeric[])) AS waited
                """),
            {"tried": tried},
        )
        rows = found.all()
    assert len(rows) == len(tried)
    for row in rows:
        assert (row.within, row.outlasted) == (within(row.waited), outlasted(row.waited)), row


async def test_the_migration_counts_a_ledger_that_is_filled(bench: Bench) -> None:
    """Taken back to before it and brought forward again, on a database with comments in it."""
    await bench.arrives(*(comment(f"c{n}", TEXTS[n % len(TEXTS)] + f" {n}") for n in range(20)))
    await bench.approve("c0")
    await bench.dismiss("c3")
    await bench.release()
    await bench.deliver()
    before, waits = await bench.desk.queue(QueueFilter()), await kept_waits(bench)
    assert {row[2] for row in waits} == {"replied", "closed"}
    async with transaction(bench.engine) as connection:
        for statement in UNDONE:
            await connection.execute(text(statement))
    await migrate(bench.engine)
    after = await bench.desk.queue(QueueFilter())
    assert (after.matching, after.counts) == (before.matching, before.counts)
    assert await kept_waits(bench) == waits
    await bench.arrives(comment("later"))
    await bench.audited()
