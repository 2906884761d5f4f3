"""The contract of the ledger's ports, continued: what goes out, once, and only as it was approved.

Subclass it beside `LedgerContract`, with the same `ledger` fixture.
"""

from dataclasses import replace

import pytest

from responder.delivery.ports import AttemptOutcome, LeaseLost, Posting, Settlement
from responder.engagement.lifecycle import IllegalTransition, State, Trigger
from responder.testing.contracts.ledger_bench import LedgerUnderTest, deleted, edited, ours
from responder.testing.factories import comment
from responder.testing.place import OBEDIENT, Behaviour

LOST = Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)
ANSWER_LOST = Behaviour(answer=AttemptOutcome.UNKNOWN)


class LedgerDeliveryContract:
    """Delivery on one ledger: leases, fences, attempts before calls, and evidence."""

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
        await self._same_words_wait(ledger, AttemptOutcome.UNKNOWN, within_seconds=1.0)

    async def test_the_same_words_wait_also_while_a_call_is_put_off(
        self, ledger: LedgerUnderTest
    ) -> None:
        """*Later* is no proof that nothing stands there, so the second's echo would settle it too.

        Found by the simulation.
        """
        await self._same_words_wait(ledger, AttemptOutcome.THROTTLED, within_seconds=1.0)

    @staticmethod
    async def _same_words_wait(
        ledger: LedgerUnderTest, first: AttemptOutcome, within_seconds: float
    ) -> None:
        ledger.place.will([Behaviour(stores=False, answer=first)])
        ben = {"id": "ben", "name": "Ben"}
        below = {"thread_id": "t", "root_id": "c1", "parent_id": "c1"}
        await ledger.arrives(comment(thread_id="t"), comment("c2", "Same?", author=ben, **below))
        await ledger.approve("c1")
        await ledger.release()
        await ledger.deliver(within_seconds=within_seconds)
        assert await ledger.view.attempts("c1") == [first]
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
