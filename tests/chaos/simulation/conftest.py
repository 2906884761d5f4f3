"""Which seeds are run: a thousand, ten thousand in `make chaos`, or the one that is to be replayed.

SEED=17 pytest tests/chaos/simulation/test_seeds.py      # this one alone, exactly as it was
SEEDS=100 pytest tests/chaos/simulation/test_seeds.py    # the first hundred
"""

import os

import pytest

IN_A_TEST = 50


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" not in metafunc.fixturenames:
        return
    wanted = os.environ.get("SEED")  # noqa: TID251 - a test run has no settings
    if wanted is not None:
        metafunc.parametrize("seeds", [range(int(wanted), int(wanted) + 1)], ids=str)
        return
    usual = 10_000 if metafunc.config.getoption("faults") == "chaos" else 1_000
    count = int(os.environ.get("SEEDS", usual))  # noqa: TID251 - a test run has no settings
    starts = range(0, count, IN_A_TEST)
    chunks = [range(start, min(start + IN_A_TEST, count)) for start in starts]
    metafunc.parametrize("seeds", chunks, ids=lambda each: f"{each.start}-{each.stop - 1}")
