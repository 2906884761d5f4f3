"""Whoever has all rights on the database cannot change the record of changes without being named."""

from dataclasses import dataclass

import pytest

from responder.audit.chain import GENESIS, Head, Sealed, seal
from responder.audit.ports import Check
from tests.integration.audit.kit import Watched


@dataclass(frozen=True)
class Tampering:
    """What somebody does to a record of six entries, and the first number that is wrong then."""

    statements: tuple[str, ...]
    first_wrong: int


TAMPERINGS = {
    "edited": Tampering(("UPDATE audit_chain SET actor = 'nobody' WHERE number = 3",), 3),
    "deleted": Tampering(("DELETE FROM audit_chain WHERE number = 3",), 3),
    "reordered": Tampering(
        (
            "UPDATE audit_chain SET number = -3 WHERE number = 3",
            "UPDATE audit_chain SET number = 3 WHERE number = 4",
            "UPDATE audit_chain SET number = 4 WHERE number = -3",
        ),
        3,
    ),
    "closed up": Tampering(
        (
            "DELETE FROM audit_chain WHERE number = 3",
            "UPDATE audit_chain SET number = -number + 1 WHERE number > 3",
            "UPDATE audit_chain SET number = -number WHERE number < 0",
        ),
        3,
    ),
    "cut off": Tampering(("DELETE FROM audit_chain WHERE number > 4",), 5),
    "emptied": Tampering(("DELETE FROM audit_chain",), 1),
    "put in again": Tampering(
        (
            "CREATE TABLE gone AS SELECT * FROM audit_chain WHERE number = 4",
            "UPDATE gone SET reason = 'because'",
            "DELETE FROM audit_chain WHERE number = 4",
            "INSERT INTO audit_chain SELECT * FROM gone",
        ),
        4,
    ),
}

tampered_with = pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS)


async def six_entries(watched: Watched) -> Head:
    await watched.came("c1", "c2", "c3")
    head = await watched.head()
    assert head.number == 6
    return head


@pytest.mark.fault(38)
@tampered_with
async def test_the_verifier_names_the_first_wrong_number(
    watched: Watched, tampering: Tampering
) -> None:
    head = await six_entries(watched)
    assert (await watched.bench.auditor.audit(since=head)).holds
    await watched.sql(*tampering.statements)
    found = (await watched.bench.auditor.audit(since=head)).chain_break
    assert found is not None
    assert found.number == tampering.first_wrong


@pytest.mark.fault(38)
async def test_without_a_head_nobody_could_tell_that_the_end_was_cut_off(
    watched: Watched,
) -> None:
    """Why a head is to be kept elsewhere; entries that have come since do not hide it."""
    head = await six_entries(watched)
    await watched.sql(
        "DELETE FROM audit_chain WHERE number > 4",
        "DELETE FROM clock_tick WHERE engagement_id IN (SELECT id FROM engagement"
        " WHERE comment_id = 'c3')",
        "DELETE FROM engagement WHERE comment_id = 'c3'",
    )
    assert (await watched.bench.auditor.audit()).chain_break is None
    await watched.came("c4")
    await watched.came("c5")
    found = (await watched.bench.auditor.audit(since=head)).chain_break
    assert found is not None
    assert found.number == 6


@pytest.mark.fault(38)
async def test_a_record_that_was_sealed_anew_does_not_match_the_head(watched: Watched) -> None:
    """Whoever knows how it is sealed can forge all of it, but not the head that somebody has."""
    head = await six_entries(watched)
    await watched.sql("UPDATE audit_chain SET actor = 'nobody' WHERE number = 3")
    await seal_anew(watched)
    assert (await watched.bench.auditor.audit()).chain_break is None
    found = (await watched.bench.auditor.audit(since=head)).chain_break
    assert found is not None
    assert found.number == head.number


async def seal_anew(watched: Watched) -> None:
    before = GENESIS
    for row in await watched.sql("SELECT * FROM audit_chain ORDER BY number"):
        before = seal(before, Sealed(**{**row, "hash": b""}))
        await watched.sql(
            "UPDATE audit_chain SET hash = :hash WHERE number = :number",
            hash=before,
            number=row["number"],
        )


@pytest.mark.fault(38)
@tampered_with
async def test_the_live_audit_names_it_too_and_goes_on_behind_it(
    watched: Watched, tampering: Tampering
) -> None:
    await six_entries(watched)
    assert (await watched.round()).found == ()
    await watched.sql(*tampering.statements)
    first = await watched.found(Check.CHAIN)
    again = await watched.found(Check.CHAIN)
    numbers = [each.facts["number"] for each in (*first, *again)]
    assert tampering.first_wrong in numbers
    await watched.came("c4", "c5")
    last = await watched.round()
    assert [each for each in last.found if each.check is Check.CHAIN] == []
    assert not last.standing.chain.is_valid
    assert last.standing.chain.to == tampering.first_wrong - 1


async def test_an_entry_that_is_put_back_as_it_was_mends_the_record(watched: Watched) -> None:
    await six_entries(watched)
    await watched.round()
    await watched.sql(
        "CREATE TABLE gone AS SELECT * FROM audit_chain WHERE number > 4",
        "DELETE FROM audit_chain WHERE number > 4",
    )
    assert len(await watched.found(Check.CHAIN)) == 1
    await watched.sql("INSERT INTO audit_chain SELECT * FROM gone")
    assert Check.CHAIN in {each.check for each in (await watched.round()).mended}
    assert (await watched.round()).found == ()


async def test_what_is_cut_off_is_not_mended_by_what_is_sealed_afterwards(
    watched: Watched,
) -> None:
    await six_entries(watched)
    await watched.round()
    await watched.sql("DELETE FROM audit_chain WHERE number > 4")
    assert len(await watched.found(Check.CHAIN)) == 1
    await watched.came("c4", "c5")
    for _ in range(2):
        mended = (await watched.round()).mended
        assert [each for each in mended if each.check is Check.CHAIN] == []
