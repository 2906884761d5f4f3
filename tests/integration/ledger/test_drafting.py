"""Drafting's unit of work: who may draft, what it gets to see, and what is recorded."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from responder.adapters.postgres.drafts import PostgresDraftingLedger
from responder.adapters.postgres.recording import lock_engagement
from responder.drafting.ports import DraftClaimHeld, Drafted, Provenance
from responder.engagement.errors import NotFound
from responder.engagement.model import EngagementId, EventId
from responder.testing.factories import comment
from responder.testing.ledger import Bench

EVENT = EventId("e1")
NOBODY = EngagementId(UUID(int=0))


@pytest_asyncio.fixture
async def ledger(bench: Bench) -> AsyncIterator[PostgresDraftingLedger]:
    yield worker(bench)


def worker(bench: Bench) -> PostgresDraftingLedger:
    return PostgresDraftingLedger(
        bench.engine, workspace=lambda: bench.configuration, capabilities=dict
    )


async def drafted(bench: Bench, comment_id: str = "c1", reply: str = "Yes, it does.") -> Drafted:
    return Drafted(
        engagement_id=await bench.id_of(comment_id),
        for_revision=1,
        text=reply,
        refusal=None,
        explanation=None,
        provenance=Provenance(writer="template/1"),
    )


async def lease_ends(bench: Bench) -> None:
    async with bench.engine.begin() as connection:
        await connection.execute(text("UPDATE inbox SET lease_until = now()"))


async def drafts(bench: Bench, comment_id: str = "c1") -> list[tuple[int, str]]:
    async with bench.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT version, text FROM draft_version WHERE engagement_id = :id ORDER BY 1"),
            {"id": await bench.id_of(comment_id)},
        )
        return [(row.version, row.text) for row in found]


async def test_an_event_is_drafted_by_one_worker_at_a_time(
    bench: Bench, ledger: PostgresDraftingLedger
) -> None:
    claim = await ledger.claim(EVENT, NOBODY)
    with pytest.raises(DraftClaimHeld):
        await worker(bench).claim(EVENT, NOBODY)
    await ledger.release(claim)
    assert not (await worker(bench).claim(EVENT, NOBODY)).is_done


async def test_of_two_that_ask_at_once_one_gets_it(ledger: PostgresDraftingLedger) -> None:
    answers = await asyncio.gather(
        ledger.claim(EVENT, NOBODY),
        ledger.claim(EVENT, NOBODY),
        ledger.claim(EventId("e2"), NOBODY),
        return_exceptions=True,
    )
    first, second, other = answers
    assert not isinstance(first, BaseException)
    assert isinstance(second, DraftClaimHeld)
    assert not isinstance(other, BaseException)
    assert not other.is_done


async def test_what_was_settled_is_never_drafted_again(
    bench: Bench, ledger: PostgresDraftingLedger
) -> None:
    await bench.arrives(comment())
    await ledger.settle(
        await ledger.claim(EVENT, NOBODY), await drafted(bench), at=bench.clock.now()
    )
    assert (await worker(bench).claim(EVENT, NOBODY)).is_done
    assert await drafts(bench) == [(1, "Yes, it does.")]


async def test_a_worker_that_lost_its_lease_records_nothing(
    bench: Bench, ledger: PostgresDraftingLedger
) -> None:
    await bench.arrives(comment())
    late = await ledger.claim(EVENT, NOBODY)
    await lease_ends(bench)
    other = worker(bench)
    taken_over = await other.claim(EVENT, NOBODY)
    with pytest.raises(DraftClaimHeld):
        await ledger.settle(late, await drafted(bench, reply="late"), at=bench.clock.now())
    await other.settle(taken_over, await drafted(bench, reply="in time"), at=bench.clock.now())
    assert await drafts(bench) == [(1, "in time")]


async def test_a_lease_in_use_is_kept(bench: Bench, ledger: PostgresDraftingLedger) -> None:
    await ledger.claim(EVENT, NOBODY)
    await lease_ends(bench)
    await ledger.renew()
    with pytest.raises(DraftClaimHeld):
        await worker(bench).claim(EVENT, NOBODY)


async def test_many_that_come_together_each_get_their_own(
    bench: Bench, ledger: PostgresDraftingLedger
) -> None:
    names = [f"c{number}" for number in range(20)]
    await bench.arrives(*(comment(each, f"Does it work offline? {each}") for each in names))

    async def draft(comment_id: str) -> None:
        claim = await ledger.claim(EventId(comment_id), await bench.id_of(comment_id))
        assert claim.request is not None
        assert claim.request.comment.comment_id == comment_id
        made = await drafted(bench, comment_id, f"To {comment_id}.")
        await ledger.settle(claim, made, at=bench.clock.now())

    await asyncio.gather(*map(draft, names))
    for each in names:
        assert await drafts(bench, each) == [(1, f"To {each}.")]
        shown = (await bench.item(each)).draft
        assert shown is not None
        assert shown.text == f"To {each}."
    await bench.audited()


async def test_two_drafts_of_one_comment_are_two_versions(
    bench: Bench, ledger: PostgresDraftingLedger
) -> None:
    await bench.arrives(comment())
    claims = await asyncio.gather(ledger.claim(EVENT, NOBODY), ledger.claim(EventId("e2"), NOBODY))
    made = await drafted(bench)
    await asyncio.gather(
        ledger.settle(claims[0], made, at=bench.clock.now()),
        ledger.settle(claims[1], replace(made, text="Better."), at=bench.clock.now()),
    )
    assert await drafts(bench) == [(1, "Yes, it does."), (2, "Better.")]


async def test_one_that_fails_takes_nobody_with_it(
    bench: Bench, ledger: PostgresDraftingLedger
) -> None:
    await bench.arrives(comment())
    claims = await asyncio.gather(ledger.claim(EVENT, NOBODY), ledger.claim(EventId("e2"), NOBODY))
    made = await drafted(bench)
    nobody = replace(made, engagement_id=EngagementId(claims[1].token))
    answers = await asyncio.gather(
        ledger.settle(claims[0], made, at=bench.clock.now()),
        ledger.settle(claims[1], nobody, at=bench.clock.now()),
        return_exceptions=True,
    )
    assert answers[0] is None
    assert isinstance(answers[1], NotFound)
    assert await drafts(bench) == [(1, "Yes, it does.")]


async def test_what_does_not_await_review_is_not_asked_for(
    bench: Bench, ledger: PostgresDraftingLedger
) -> None:
    await bench.arrives(comment("c1"), comment("c2"))
    await bench.approve("c1")
    asked = [(EventId(each), await bench.id_of(each)) for each in ("c1", "c2")]
    approved, awaiting = await asyncio.gather(*(ledger.claim(*each) for each in asked))
    assert approved.request is None
    assert awaiting.request is not None
    assert awaiting.request.comment.comment_id == "c2"


async def test_what_was_said_before_comes_with_the_comment(
    bench: Bench, ledger: PostgresDraftingLedger
) -> None:
    bob = {"id": "bob", "name": "Bob"}
    await bench.arrives(
        comment("c1", thread_id="t1"),
        comment("c2", thread_id="t1", author=bob),
        comment("c3", thread_id="t1", author=bob, parent_id="c1"),
    )
    before = {}
    for each in ("c1", "c2", "c3"):
        request = (await ledger.claim(EventId(each), await bench.id_of(each))).request
        assert request is not None
        before[each] = {said.comment_id for said in request.branch}
    assert before == {"c1": {"c3"}, "c2": {"c3"}, "c3": {"c1", "c2"}}


async def test_only_a_comment_that_somebody_is_at_work_on_is_waited_for(
    bench: Bench, ledger: PostgresDraftingLedger
) -> None:
    await bench.arrives(comment("c1", thread_id="t1"), comment("c2", thread_id="t1"))
    claims = await asyncio.gather(ledger.claim(EVENT, NOBODY), ledger.claim(EventId("e2"), NOBODY))
    made = [await drafted(bench, each) for each in ("c1", "c2")]
    async with bench.engine.begin() as somebody:
        await lock_engagement(somebody, made[0].engagement_id)
        busy, free = (
            asyncio.create_task(ledger.settle(claim, each, at=bench.clock.now()))
            for claim, each in zip(claims, made, strict=True)
        )
        await free
        assert await drafts(bench, "c2") == [(1, "Yes, it does.")]
        assert not busy.done()
    await busy
    assert await drafts(bench, "c1") == [(1, "Yes, it does.")]
