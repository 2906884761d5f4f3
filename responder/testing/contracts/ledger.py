"""The contract of the ledger's ports: what the stages rely on, whatever stands behind them.

Subclass it and give a `ledger` fixture. It runs on PostgreSQL, and on the twin in memory: so that
what a simulation finds on the twin says something about the real one.
"""

from dataclasses import replace

import pytest

from responder.delivery.ports import AttemptOutcome, LeaseLost, Posting, Settlement
from responder.drafting.ports import DraftClaimHeld
from responder.engagement.errors import NotFound
from responder.engagement.lifecycle import IllegalTransition, State, Trigger
from responder.engagement.model import EventId
from responder.review.errors import (
    AlreadyDecided,
    DecidedSince,
    StaleApproval,
    TooLateToUndo,
    UsedBefore,
)
from responder.testing.contracts.ledger_bench import LedgerUnderTest, deleted, edited, letter, ours
from responder.testing.factories import arrival, comment
from responder.testing.ledger import ANA
from responder.testing.place import OBEDIENT, Behaviour

EVENT = EventId("event 1")
LOST = Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)
ANSWER_LOST = Behaviour(answer=AttemptOutcome.UNKNOWN)


class LedgerContract:
    """Triage, review, drafting, delivery and dead letters on one ledger."""

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

    # --- what goes out ---------------------------------------------------------------------------

    async def test_an_attempt_is_recorded_before_the_call(self, ledger: LedgerUnderTest) -> None:
        seen: list[tuple[list[AttemptOutcome | None], State]] = []

        async def look(_: Posting) -> None:
            states = await ledger.view.states()
            seen.append((await ledger.view.attempts("c1"), states["c1"]))

        ledger.place.before_call = look
        await ledger.goes_out()
        assert seen == [([None], State.SENDING)]
        assert await ledger.view.attempts("c1") == [AttemptOutcome.SENT]

    async def test_what_was_posted_is_answered_and_told(self, ledger: LedgerUnderTest) -> None:
        await ledger.goes_out()
        assert await ledger.view.states() == {"c1": State.ANSWERED}
        acts = ["understood", "queued", "approved", "released", "attempted", "delivered"]
        assert await ledger.view.acts("c1") == acts
        assert set((await ledger.view.told())[-2:]) == {"reply.settled.v1", "engagement.closed.v1"}
        assert ledger.place.texts("c1") == ["Yes, it does."]

    async def test_a_job_is_given_to_one_worker_at_a_time(self, ledger: LedgerUnderTest) -> None:
        await ledger.is_released()
        assert await ledger.claim() is not None
        assert await ledger.claim() is None
        await ledger.view.leases_end()
        assert await ledger.claim() is not None

    async def test_whoever_lost_the_lease_can_neither_begin_nor_settle(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.is_released()
        late = await ledger.claim()
        await ledger.view.leases_end()
        await ledger.claim()
        assert late is not None
        sent = Settlement(outcome=AttemptOutcome.SENT, trigger=Trigger.DELIVERED)
        now = ledger.clock.now()
        with pytest.raises(LeaseLost):
            await ledger.work.begin_attempt(late, at=now)
        with pytest.raises(LeaseLost):
            await ledger.work.settle(late, sent, at=now)
        with pytest.raises(LeaseLost):
            await ledger.work.postpone(late, until=now)
        with pytest.raises(LeaseLost):
            await ledger.work.return_to_review(late, trigger=Trigger.VOIDED, reason="gone", at=now)
        assert await ledger.view.attempts("c1") == []

    async def test_an_approval_that_ended_after_the_claim_is_not_posted(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.is_released()
        job = await ledger.claim()
        await ledger.arrives(edited("No, wait."))
        assert job is not None
        assert await ledger.work.begin_attempt(job, at=ledger.clock.now()) is None
        assert await ledger.view.states() == {"c1": State.AWAITING_REVIEW}
        assert await ledger.claim() is None

    async def test_a_lost_answer_is_settled_by_looking(self, ledger: LedgerUnderTest) -> None:
        ledger.place.will([ANSWER_LOST])
        await ledger.goes_out()
        assert await ledger.view.states() == {"c1": State.ANSWERED}
        assert ledger.place.calls == 1

    async def test_a_lost_request_is_posted_again_once_its_absence_is_proven(
        self, ledger: LedgerUnderTest
    ) -> None:
        ledger.place.will([LOST])
        await ledger.goes_out()
        assert await ledger.view.states() == {"c1": State.ANSWERED}
        outcomes = [AttemptOutcome.NOT_SENT, AttemptOutcome.SENT]
        assert await ledger.view.attempts("c1") == outcomes
        assert ledger.place.texts("c1") == ["Yes, it does."]

    async def test_a_refusal_that_nothing_speaks_against_fails_and_may_be_decided_anew(
        self, ledger: LedgerUnderTest
    ) -> None:
        ledger.place.will([Behaviour(stores=False, answer=AttemptOutcome.REFUSED)])
        await ledger.goes_out()
        assert await ledger.view.states() == {"c1": State.DELIVERY_FAILED}
        await ledger.approve()
        assert await ledger.view.states() == {"c1": State.APPROVED}
        assert await ledger.view.decisions("c1") == ["voided", "held"]

    async def test_what_cannot_be_looked_up_is_left_to_a_person(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.falls_into_doubt()
        assert await ledger.view.states() == {"c1": State.DELIVERY_UNKNOWN}
        assert ledger.place.calls == 1
        await ledger.found_there()
        assert await ledger.view.states() == {"c1": State.ANSWERED}
        assert await ledger.view.attempts("c1") == [AttemptOutcome.SENT]

    async def test_a_person_who_saw_nothing_there_has_it_sent_again(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.falls_into_doubt()
        await ledger.send_again()
        await ledger.deliver()
        assert await ledger.view.states() == {"c1": State.ANSWERED}
        outcomes = [AttemptOutcome.NOT_SENT, AttemptOutcome.SENT]
        assert await ledger.view.attempts("c1") == outcomes

    async def test_what_is_given_back_in_doubt_never_goes_out_by_itself(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.falls_into_doubt()
        await ledger.reopen()
        await ledger.deliver()
        assert await ledger.view.states() == {"c1": State.AWAITING_REVIEW}
        assert await ledger.view.decisions("c1") == ["voided"]
        assert ledger.place.calls == 1

    async def test_doubt_is_settled_once(self, ledger: LedgerUnderTest) -> None:
        await ledger.falls_into_doubt()
        await ledger.found_there()
        with pytest.raises(IllegalTransition):
            await ledger.send_again()

    async def test_a_deletion_waits_for_what_may_stand_there(self, ledger: LedgerUnderTest) -> None:
        await ledger.is_released()
        job = await ledger.claim()
        assert job is not None
        await ledger.work.begin_attempt(job, at=ledger.clock.now())
        await ledger.arrives(deleted())
        assert await ledger.view.states() == {"c1": State.SENDING}
        assert await ledger.view.decisions("c1") == ["released"]

    async def test_the_echo_of_a_reply_settles_it(self, ledger: LedgerUnderTest) -> None:
        await ledger.falls_into_doubt(thread_id="t")
        await ledger.arrives(ours("r1", "Yes, it does.", under="c1"))
        assert await ledger.view.states() == {"c1": State.ANSWERED}
        assert (await ledger.view.acts("c1"))[-1] == "delivered"

    async def test_a_receipt_settles_what_was_handed_over_and_is_absorbed(
        self, ledger: LedgerUnderTest
    ) -> None:
        handed = Behaviour(answer=AttemptOutcome.HANDED_OVER, tells_id=False, is_public=False)
        ledger.place.will([handed])
        await ledger.goes_out(within_seconds=30.0)
        assert await ledger.view.states() == {"c1": State.SENDING}
        assert await ledger.receipt()
        assert await ledger.receipt()
        assert await ledger.view.states() == {"c1": State.ANSWERED}

    async def test_a_receipt_that_nothing_waits_for_is_not_taken(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.is_released()
        assert not await ledger.receipt()

    async def test_two_replies_in_the_same_words_do_not_go_out_at_once(
        self, ledger: LedgerUnderTest
    ) -> None:
        ben = {"id": "ben", "name": "Ben"}
        await ledger.arrives(comment(thread_id="t"))
        below = {"thread_id": "t", "root_id": "c1", "parent_id": "c1"}
        await ledger.arrives(comment("c2", "Same here?", author=ben, **below))
        await ledger.approve("c1")
        await ledger.approve("c2")
        await ledger.release()
        first, second = await ledger.claim(), await ledger.claim()
        assert first is not None
        assert second is not None
        now = ledger.clock.now()
        assert await ledger.work.begin_attempt(first, at=now) == 1
        assert await ledger.work.begin_attempt(second, at=now) is None
        assert await ledger.view.attempts("c2") == []

    async def test_the_same_words_wait_also_while_a_doubtful_call_is_repeated_under_its_key(
        self, ledger: LedgerUnderTest
    ) -> None:
        """Where branches are flattened, the echo of the second would be taken for the first's.

        So the first was answered by what stood under another comment. Found by the simulation.
        """
        keeps_keys = replace(OBEDIENT, reads_back=False, idempotency="key")
        ledger.place.capabilities = keeps_keys
        ledger.place.will([LOST])
        ben = {"id": "ben", "name": "Ben"}
        below = {"thread_id": "t", "root_id": "c1", "parent_id": "c1"}
        await ledger.arrives(comment(thread_id="t"), comment("c2", "Same?", author=ben, **below))
        await ledger.approve("c1")
        await ledger.release()
        await ledger.deliver(within_seconds=1.0)
        assert await ledger.view.attempts("c1") == [AttemptOutcome.UNKNOWN]
        await ledger.approve("c2")
        ledger.clock.forward(-1.0)
        await ledger.release()
        second = await ledger.work.claim(
            await ledger.view.reply_id("c2"), at=ledger.clock.now(), lease_seconds=60.0
        )
        assert second is not None
        assert await ledger.work.begin_attempt(second, at=ledger.clock.now()) is None
        assert await ledger.view.attempts("c2") == []

    async def test_the_same_words_decided_again_after_doubt_keep_their_key(
        self, ledger: LedgerUnderTest
    ) -> None:
        await ledger.falls_into_doubt()
        before = await ledger.view.keys("c1")
        await ledger.reopen()
        await ledger.approve()
        await ledger.release()
        await ledger.deliver()
        assert set(await ledger.view.keys("c1")) == set(before)

    async def test_a_reply_does_not_wait_for_what_was_given_up_under_the_same_comment(
        self, ledger: LedgerUnderTest
    ) -> None:
        """It waited for ever for its own forerunner in the same words. Found by the simulation."""
        await ledger.falls_into_doubt()
        await ledger.reopen()
        ledger.place.will([LOST])
        await ledger.approve()
        await ledger.release()
        await ledger.deliver()
        assert await ledger.view.states() == {"c1": State.DELIVERY_UNKNOWN}
        await ledger.send_again()
        await ledger.deliver(within_seconds=60.0)
        assert await ledger.view.states() == {"c1": State.ANSWERED}

    async def test_a_paused_source_sends_nothing(self, ledger: LedgerUnderTest) -> None:
        refuses = Behaviour(stores=False, answer=AttemptOutcome.REFUSED, pauses=True)
        ledger.place.will([refuses])
        await ledger.goes_out()
        await ledger.arrives(comment("c2", "And in winter?"))
        await ledger.approve("c2", reply="In winter too.")
        await ledger.release()
        assert await ledger.claim() is None
        assert ledger.place.capabilities == OBEDIENT

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
        await ledger.settle_draft(late, "Too late.")
        await ledger.settle_draft(other, "In time.")
        assert await ledger.view.drafts("c1") == ["In time."]

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
