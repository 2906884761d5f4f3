"""A seed is a run: whoever finds something can look at it again."""

import os
import subprocess
import sys
from pathlib import Path

from tests.chaos.simulation.drama import said, simulate
from tests.chaos.simulation.planted import BlindRetry

ROOT = Path(__file__).parents[3]
ELSEWHERE = "from tests.chaos.simulation.drama import simulate; print(simulate({seed}).trace)"


def test_two_runs_of_one_seed_are_the_same_run() -> None:
    once, again = simulate(7), simulate(7)
    assert once == again
    assert once.steps > 500


def test_two_seeds_are_two_runs() -> None:
    assert simulate(7).trace != simulate(8).trace


def test_a_seed_is_the_same_run_in_every_process() -> None:
    """Sets of texts have another order in each process; nothing may depend on it."""
    assert _trace_elsewhere(3, hashes="1") == _trace_elsewhere(3, hashes="2") == simulate(3).trace


def test_a_seed_that_fails_says_how_to_run_it_again() -> None:
    broken = next(e for e in (simulate(seed, plug=BlindRetry) for seed in range(40)) if e.findings)
    assert f"SEED={broken.seed} " in said([broken])
    assert "I3: " in said([broken])
    assert simulate(broken.seed, plug=BlindRetry) == broken


def _trace_elsewhere(seed: int, *, hashes: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", ELSEWHERE.format(seed=seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hashes},  # noqa: TID251 - a test run has no settings
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    return done.stdout.strip()
