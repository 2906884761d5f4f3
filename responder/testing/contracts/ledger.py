"""The contract of the ledger's ports: what the stages rely on, whatever stands behind them.

Subclass it and give a `ledger` fixture. It runs on PostgreSQL, and on the twin in memory: so that
what a simulation finds on the twin says something about the real one.
"""

import pytest

from responder.drafting.ports import DraftClaimHeld
from responder.engagement.errors import NotFound
from responder.engagement.lifecycle import State
from responder.engagement.model import EventId
from responder.review.errors import (
    AlreadyDecided,
    DecidedSince,
    StaleApproval,
    TooLateToUndo,
    UsedBefore,
)
from responder.testing.contracts.ledger_bench import LedgerUnderTest, deleted, edited, letter, ours
from responder.testing.factories import NOON, arrival, comment
from responder.testing.ledger import ANA

EVENT = EventId("event 1")


class LedgerContract:
    """Triage, review, drafting and dead letters on one ledger."""

    # --- what arrives ----------------------------------------------------------------------------

    async def test_a_comment_is_accepted_once_however_often_it_comes(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment(), comment())
        await ledger.arrives(comment())
        assert await ledger.view.states() == {"c1": State.AWAITING_REVIEW}
        assert await ledger.view.acts("c1") == ["understood", "queued"]
        assert await ledger.view.told() == ["engagement.triaged.v1"]

    async def test_an_event_is_fresh_to_one_transaction_only(self, ledger: LedgerUnderTest) -> None:
        async with ledger.triage_work.begin() as tx:
            assert await tx.claim("somebody", [EVENT]) == {EVENT}
        async with ledger.triage_work.begin() as tx:
            assert await tx.claim("somebody", [EVENT]) == frozenset()
            assert await tx.claim("somebody else", [EVENT]) == {EVENT}

    async def test_nothing_stays_of_a_transaction_that_fails(self, ledger: LedgerUnderTest) -> None:
        with pytest.raises(ZeroDivisionError):
            await _claim_and_fail(ledger)
        async with ledger.triage_work.begin() as tx:
            assert await tx.claim("somebody", [EVENT]) == {EVENT}

    async def test_an_edit_is_judged_anew(self, ledger: LedgerUnderTest) -> None:
        await ledger.arrives(comment())
        await ledger.arrives(edited("And without a connection?"))
        assert await ledger.view.acts("c1") == ["understood", "queued", "comment_edited"]
        assert await ledger.view.told() == ["engagement.triaged.v1"] * 2

    async def test_what_a_rule_closed_is_open_again_once_it_says_something_else(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment(text=""))
        assert await ledger.view.states() == {"c1": State.DISMISSED}
        await ledger.arrives(edited("Does it work offline?"))
        assert await ledger.view.states() == {"c1": State.AWAITING_REVIEW}

    async def test_a_deletion_withdraws_and_stops_what_was_approved(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        await ledger.approve()
        await ledger.arrives(deleted())
        assert await ledger.view.states() == {"c1": State.WITHDRAWN}
        assert await ledger.view.decisions("c1") == ["voided"]

    async def test_a_comment_that_was_deleted_before_it_came_ends_withdrawn(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(deleted())
        assert await ledger.view.states() == {}
        await ledger.arrives(comment())
        assert await ledger.view.states() == {"c1": State.WITHDRAWN}

    async def test_our_own_answer_ends_what_it_answers_and_waits_for_nobody(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment(thread_id="t"))
        await ledger.arrives(ours("o1", "By hand.", under="c1"))
        assert await ledger.view.states() == {"c1": State.ANSWERED}
        assert (await ledger.view.acts("c1"))[-1] == "answered_elsewhere"

    # --- what people decide ----------------------------------------------------------------------

    async def test_an_approval_of_what_has_changed_since_is_refused(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        shown = await ledger.form("c1")
        await ledger.arrives(edited("No, wait."))
        with pytest.raises(StaleApproval):
            await ledger.approve(shown=shown)
        assert await ledger.view.decisions("c1") == []

    async def test_an_approval_ends_when_the_thread_changes(self, ledger: LedgerUnderTest) -> None:
        await ledger.arrives(comment(thread_id="t"))
        await ledger.approve()
        await ledger.arrives(comment("c2", "I mean offline.", thread_id="t", parent_id="c1"))
        assert (await ledger.view.states())["c1"] is State.AWAITING_REVIEW
        assert await ledger.view.decisions("c1") == ["voided"]
        await ledger.release()
        assert ledger.place.calls == 0

    async def test_what_others_write_elsewhere_in_the_thread_ends_no_approval(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment(thread_id="t"))
        await ledger.approve()
        ben = {"id": "ben", "name": "Ben"}
        await ledger.arrives(comment("c2", "Me too!", thread_id="t", author=ben))
        assert await ledger.view.decisions("c1") == ["held"]

    async def test_the_same_form_twice_decides_once(self, ledger: LedgerUnderTest) -> None:
        await ledger.arrives(comment())
        shown = await ledger.form("c1")
        await ledger.approve(shown=shown)
        await ledger.approve(shown=shown)
        assert await ledger.view.decisions("c1") == ["held"]

    async def test_two_people_cannot_both_decide(self, ledger: LedgerUnderTest) -> None:
        await ledger.arrives(comment())
        first, second = await ledger.form("c1"), await ledger.form("c1")
        await ledger.approve(shown=first)
        with pytest.raises(AlreadyDecided):
            await ledger.dismiss(shown=second)

    async def test_an_undo_takes_back_what_is_held_and_only_that(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        shown = await ledger.form("c1")
        await ledger.approve(shown=shown)
        await ledger.undo()
        await ledger.undo()
        assert await ledger.view.states() == {"c1": State.AWAITING_REVIEW}
        assert await ledger.view.decisions("c1") == ["undone"]
        with pytest.raises(UsedBefore):
            await ledger.approve(shown=shown)

    async def test_an_undo_of_an_older_decision_changes_nothing(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        await ledger.approve()
        with pytest.raises(DecidedSince):
            await ledger.undo(decision_id=ANA)
        assert await ledger.view.decisions("c1") == ["held"]

    async def test_it_is_too_late_to_undo_what_was_released(self, ledger: LedgerUnderTest) -> None:
        await ledger.arrives(comment())
        await ledger.approve()
        await ledger.release()
        with pytest.raises(TooLateToUndo):
            await ledger.undo()

    async def test_nothing_is_released_before_its_time_or_twice(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        await ledger.approve()
        assert await ledger.releases.release_due(at=ledger.clock.now()) == 0
        await ledger.release()
        assert await ledger.releases.release_due(at=ledger.clock.now()) == 0
        assert await ledger.view.decisions("c1") == ["released"]
        assert (await ledger.view.told()).count("reply.approved.v1") == 1

    async def test_a_dismissal_is_open_until_it_is_released(self, ledger: LedgerUnderTest) -> None:
        await ledger.arrives(comment())
        await ledger.dismiss()
        assert await ledger.view.states() == {"c1": State.AWAITING_REVIEW}
        await ledger.release()
        assert await ledger.view.states() == {"c1": State.DISMISSED}
        assert (await ledger.view.told())[-1] == "engagement.closed.v1"

    async def test_what_ended_can_be_opened_again_and_decided_anew(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        await ledger.dismiss()
        await ledger.release()
        await ledger.reopen()
        await ledger.approve()
        assert await ledger.view.decisions("c1") == ["released", "held"]

    # --- what is drafted -------------------------------------------------------------------------

    async def test_an_event_is_drafted_by_one_worker_at_a_time(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        item = await ledger.view.id_of("c1")
        claim = await ledger.drafting.claim(EVENT, item)
        assert claim.request is not None
        assert claim.request.comment.comment_id == "c1"
        with pytest.raises(DraftClaimHeld):
            await ledger.drafting.claim(EVENT, item)

    async def test_a_late_worker_records_nothing_once_its_lease_was_taken_over(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        item = await ledger.view.id_of("c1")
        late = await ledger.drafting.claim(EVENT, item)
        await ledger.view.leases_end()
        other = await ledger.drafting.claim(EVENT, item)
        with pytest.raises(DraftClaimHeld):  # or nobody would come back to it if the other died
            await ledger.settle_draft(late, "Too late.")
        await ledger.settle_draft(other, "In time.")
        await ledger.settle_draft(late, "Later still.")
        assert await ledger.view.drafts("c1") == ["In time."]

    async def test_who_has_nothing_to_say_and_lost_its_lease_is_told_of_the_other(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        item = await ledger.view.id_of("c1")
        late = await ledger.drafting.claim(EVENT, item)
        await ledger.view.leases_end()
        await ledger.drafting.claim(EVENT, item)
        with pytest.raises(DraftClaimHeld):
            await ledger.drafting.settle(late, None, at=NOON)

    async def test_a_settled_event_pays_no_second_draft(self, ledger: LedgerUnderTest) -> None:
        await ledger.arrives(comment())
        item = await ledger.view.id_of("c1")
        await ledger.settle_draft(await ledger.drafting.claim(EVENT, item), "Once.")
        assert (await ledger.drafting.claim(EVENT, item)).is_done
        assert (await ledger.view.told())[-1] == "engagement.drafted.v1"

    async def test_a_lease_that_is_given_back_is_free_at_once(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        item = await ledger.view.id_of("c1")
        await ledger.drafting.release(await ledger.drafting.claim(EVENT, item))
        assert not (await ledger.drafting.claim(EVENT, item)).is_done

    async def test_nothing_is_drafted_for_what_awaits_review_no_more(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.arrives(comment())
        item = await ledger.view.id_of("c1")
        claim = await ledger.drafting.claim(EVENT, item)
        await ledger.approve()
        await ledger.settle_draft(claim, "Not wanted any more.")
        assert await ledger.view.drafts("c1") == []
        assert (await ledger.drafting.claim(EventId("event 2"), item)).request is None

    # --- what could not be read ------------------------------------------------------------------

    async def test_a_dead_letter_has_one_row_until_it_fails_again(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.letters.take([letter()])
        await ledger.letters.take([letter()])
        assert await ledger.view.letters() == ["open"]
        await ledger.letter_desk.retry(letter().id, actor=ANA)
        assert await ledger.view.letters() == ["retried"]
        await ledger.letters.take([letter()])
        assert await ledger.view.letters() == ["retried"]
        await ledger.letters.take([letter(failed_again=True)])
        assert await ledger.view.letters() == ["open"]

    async def test_a_dead_letter_is_closed_by_whoever_deals_with_its_record(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.letters.take([letter()])
        await ledger.letters.settle(letter().id)
        assert await ledger.view.letters() == ["open"]
        await ledger.letter_desk.retry(letter().id, actor=ANA)
        back = arrival(comment())
        await ledger.triage.take([back], retried=[str(letter().id)])
        assert await ledger.view.letters() == ["settled"]

    async def test_a_dropped_dead_letter_stays_dropped(self, ledger: LedgerUnderTest) -> None:
        await ledger.letters.take([letter()])
        await ledger.letter_desk.drop(letter().id, actor=ANA, note="nothing in it")
        with pytest.raises(NotFound):
            await ledger.letter_desk.drop(letter().id, actor=ANA, note="again")
        await ledger.letters.take([letter(failed_again=True)])
        assert await ledger.view.letters() == ["dropped"]


async def _claim_and_fail(ledger: LedgerUnderTest) -> None:
    async with ledger.triage_work.begin() as tx:
        await tx.claim("somebody", [EVENT])
        raise ZeroDivisionError
