"""When the breaker opens, and how it closes again."""

from datetime import UTC, datetime

import pytest

from responder.adapters.resilience import Breaker, BreakingDraftWriter
from responder.drafting.ports import DraftRefused, DraftRequest, Proposal, Provenance
from responder.engagement.errors import Unavailable
from responder.testing.drafting import draft_request

DOWN = Unavailable(what="the model", why="down")
GOOD = Proposal(text="It does.", provenance=Provenance(writer="x"))


class Hand:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Service:
    """Answers what it is told to, and knows how often it was asked."""

    def __init__(self) -> None:
        self.answer: Proposal | Exception = GOOD
        self.asked = 0

    async def write(self, request: DraftRequest) -> Proposal:
        self.asked += request.comment.revision  # each is its first
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Bench:
    def __init__(self) -> None:
        self.clock = Hand()
        self.service = Service()
        self.changes: list[bool] = []
        self.breaker = Breaker(self.clock)
        self.writer = BreakingDraftWriter(
            self.service, breaker=self.breaker, on_change=self.changes.append
        )

    async def ask(self, answer: Proposal | Exception, times: int = 1) -> None:
        self.service.answer = answer
        for _ in range(times):
            try:
                await self.writer.write(draft_request())
            except (Unavailable, DraftRefused):
                continue


@pytest.mark.fault(25)
async def test_five_failures_in_a_row_open_it_and_nothing_more_is_asked() -> None:
    bench = Bench()
    await bench.ask(DOWN, times=9)
    assert bench.service.asked == 5
    assert bench.breaker.is_open
    assert bench.changes == [True]


async def test_a_success_between_failures_starts_the_count_again() -> None:
    bench = Bench()
    await bench.ask(DOWN, times=4)
    await bench.ask(GOOD)
    await bench.ask(DOWN, times=4)
    assert not bench.breaker.is_open


async def test_half_of_twenty_failing_opens_it_too() -> None:
    bench = Bench()
    for _ in range(10):
        await bench.ask(GOOD)
        await bench.ask(DOWN)
    assert bench.breaker.is_open


@pytest.mark.fault(25)
async def test_after_thirty_seconds_one_may_try_and_success_closes_it() -> None:
    bench = Bench()
    await bench.ask(DOWN, times=5)
    bench.clock.seconds += 29.9
    await bench.ask(GOOD)
    assert bench.service.asked == 5
    bench.clock.seconds += 0.2
    await bench.ask(GOOD, times=3)
    assert bench.service.asked == 8
    assert bench.changes == [True, False]


async def test_a_failed_try_keeps_it_open_as_long_again() -> None:
    bench = Bench()
    await bench.ask(DOWN, times=5)
    bench.clock.seconds += 31
    await bench.ask(DOWN, times=3)
    assert bench.service.asked == 6
    bench.clock.seconds += 31
    await bench.ask(GOOD)
    assert not bench.breaker.is_open


def test_only_one_may_try_at_a_time() -> None:
    bench = Bench()
    for _ in range(5):
        bench.breaker.failed()
    bench.clock.seconds += 31
    assert bench.breaker.admit()
    assert not bench.breaker.admit()
    bench.breaker.abandoned()
    assert bench.breaker.admit()


@pytest.mark.parametrize("endpoint", [None, "models.example"])
async def test_a_refused_draft_is_no_failure(endpoint: str | None) -> None:
    bench = Bench()
    provenance = Provenance(writer="x", endpoint=endpoint)
    refused = DraftRefused(reason="promotion", explanation="No.", provenance=provenance)
    await bench.ask(refused, times=25)
    assert not bench.breaker.is_open
    assert bench.service.asked == 25


async def test_answers_nobody_can_read_are_failures() -> None:
    bench = Bench()
    provenance = Provenance(writer="x", endpoint="models.example")
    await bench.ask(
        DraftRefused(reason="invalid_output", explanation="No.", provenance=provenance), times=6
    )
    assert bench.breaker.is_open


async def test_a_refusal_before_the_call_does_not_close_it() -> None:
    bench = Bench()
    await bench.ask(DOWN, times=5)
    bench.clock.seconds += 31
    await bench.ask(DraftRefused(reason="not_wanted", explanation="Nobody waits."))
    assert bench.breaker.is_open
