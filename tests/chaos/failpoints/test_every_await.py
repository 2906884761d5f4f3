"""A process ends at every await on a port, from intake to the answer, and another one goes on.

Points are counted by a run that nothing befalls, so an await that is new is covered by itself. What
must hold afterwards is in `responder.testing.failpoints.ends`; that it can fail is shown in
`test_planted_bugs.py`.
"""

from dataclasses import replace
from random import Random

import pytest

from responder.delivery.ports import AttemptOutcome
from responder.testing.failpoints.gate import Moment
from responder.testing.failpoints.points import Doom, Fate, Point
from responder.testing.failpoints.trials import Scenario, Trials
from responder.testing.place import OBEDIENT, Behaviour
from responder.testing.postgres import TestServer

STEPS = {
    "intake",
    "triage",
    "relay",
    "drafting.claim",
    "drafting",
    "drafting.settle",
    "review",
    "release",
    "delivery.claim",
    "delivery.begin_attempt",
    "delivery",
    "delivery.settle",
    "audit",
}
EFFECTS = {
    ("intake", "log append"),
    ("triage", "ledger COMMIT;"),
    ("triage", "log commit of offsets"),
    ("relay", "log append"),
    ("relay", "ledger UPDATE outbox SET sent_at = now() WHERE id = ANY($1::bigint["),
    ("drafting.claim", "ledger COMMIT;"),
    ("drafting.settle", "ledger COMMIT;"),
    ("drafting", "log commit of offsets"),
    ("delivery.begin_attempt", "ledger COMMIT;"),
    ("delivery", "platform reply"),
    ("delivery.settle", "ledger COMMIT;"),
    ("delivery", "log commit of offsets"),
}
"""The named points of row 20: publish, mark, effect, commit, offset commit."""
PAIRS = 40
SEED = 20

SAYS_NOTHING = Scenario(behaviours=(Behaviour(answer=AttemptOutcome.UNKNOWN),))
SAYS_LATER = Scenario(
    behaviours=(
        Behaviour(stores=False, answer=AttemptOutcome.THROTTLED, after_seconds=5.0),
        Behaviour(stores=False, answer=AttemptOutcome.NOT_SENT),
    )
)
CANNOT_BE_READ = Scenario(capabilities=replace(OBEDIENT, reads_back=False))
KEEPS_KEYS = Scenario(capabilities=replace(OBEDIENT, reads_back=False, idempotency="key"))


def is_after_an_effect(point: Point) -> bool:
    return point.moment is Moment.AFTER


def is_at_an_effect_of_delivery(point: Point) -> bool:
    """Before it, or after it; inside a transaction the place makes no difference."""
    return point.step.startswith("delivery") and point.call.has_effect


@pytest.mark.fault(20, 43)
async def test_every_step_of_the_path_has_points(trials: Trials) -> None:
    points = await trials.points()
    assert {point.step for point in points} == STEPS
    after = {(point.step, str(point.call)) for point in points if is_after_an_effect(point)}
    assert after >= EFFECTS


@pytest.mark.fault(20, 43)
async def test_a_process_that_ends_anywhere_leaves_nothing_undone_and_nothing_twice(
    trials: Trials,
) -> None:
    points = await trials.points()
    assert await trials.wrong([Doom.of(point)] for point in points) == []


@pytest.mark.fault(20)
async def test_an_answer_that_is_lost_after_its_effect_changes_nothing(trials: Trials) -> None:
    effects = await trials.points(is_after_an_effect)
    lost = ([Doom.of(point, Fate.LOSES_ANSWER)] for point in effects)
    assert await trials.wrong(lost) == []


@pytest.mark.fault(20, 43)
async def test_two_processes_that_end_one_after_the_other_are_survived_too(trials: Trials) -> None:
    count = len(await trials.points())
    chance = Random(SEED)  # noqa: S311 - chance that can be repeated, no secret
    pairs = [[Doom(chance.randrange(count)), Doom(chance.randrange(60))] for _ in range(PAIRS)]
    assert await trials.wrong(pairs) == []


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(SAYS_NOTHING, id="says nothing"),
        pytest.param(SAYS_LATER, id="says later"),
        pytest.param(CANNOT_BE_READ, id="cannot be read"),
        pytest.param(KEEPS_KEYS, id="keeps keys"),
    ],
)
async def test_a_place_is_posted_to_once_whatever_it_is_like_and_wherever_delivery_ends(
    postgres_server: TestServer, scenario: Scenario
) -> None:
    trials = Trials(postgres_server, scenario)
    points = await trials.points(is_at_an_effect_of_delivery)
    assert await trials.wrong([Doom.of(point)] for point in points) == []
