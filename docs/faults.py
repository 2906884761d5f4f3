"""`docs/reference/faults.md` and `promises.md`: what the last runs came to, and nothing else."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.chaos.matrix import PROMISES, ROWS, Promise, Row
from tests.chaos.results import CameTo, Judgement, Outcome, Results

RESULTS = Path(__file__).parent / "reference" / "faults.json"
MAKES = {
    "test": "make test",
    "chaos": "make chaos",
    "powercut": "make powercut",
    "soak": "make soak",
}
FAULTS_SAY = (
    "Every fault is made on purpose, against the real thing, and what came of it is written here by"
    " the run itself. *Held*: all of its tests ran in the last run and held. What to do when one of"
    " these happens to you: [when something fails](../how-to/when-something-fails.md).\n\n"
)
PROMISES_SAY = (
    "Each promise with the tests that try to break it on purpose, and what they came to in the last"
    " run. The faults by themselves: [faults](faults.md).\n\n"
)


def faults(results: Results) -> str:
    judged = {number: results.judged("fault", number) for number in ROWS}
    parts = [
        "# Faults, and what comes of them\n\n",
        FAULTS_SAY,
        _runs(results),
        "\n## All of them\n\n",
        "| # | where | fault | last run |\n| --- | --- | --- | --- |\n",
        *(
            f"| [{row.number}](#row-{row.number}) | {row.where} | {row.fault}"
            f" | {_shown(judged[row.number].came_to)} |\n"
            for row in ROWS.values()
        ),
        "\n## One by one\n",
        *(_row(row, judged[row.number]) for row in ROWS.values()),
    ]
    return "".join(parts)


def promises(results: Results) -> str:
    parts = [
        "# What is promised, and what tries to break it\n\n",
        PROMISES_SAY,
        _runs(results),
        *(_promise(each, results.judged("promise", each.number)) for each in PROMISES.values()),
    ]
    return "".join(parts)


def _runs(results: Results) -> str:
    if not results.runs:
        return "No run is kept yet: `make chaos`.\n"
    lines = ["| run | when | on | it took | tests |\n| --- | --- | --- | --- | --- |\n"]
    for name, run in results.runs.items():
        minutes = f"{run.seconds / 60:.0f} min"
        tests = _counted(run.tests)
        lines.append(f"| `{MAKES[name]}` | {run.at} | {run.machine} | {minutes} | {tests} |\n")
    return "".join(lines)


def _row(row: Row, judged: Judgement) -> str:
    return (
        f'\n<a id="row-{row.number}"></a>**{row.number}. {row.where.capitalize()}: {row.fault}.**'
        f" {row.expected} Bound: {row.bound}.\n" + _left_out(row.leaves_out) + _judged(judged)
    )


def _promise(promise: Promise, judged: Judgement) -> str:
    return (
        f"\n## P{promise.number}\n\n{promise.says}\n\nIt rests on: {promise.rests_on}.\n"
        + _left_out(promise.leaves_out)
        + _judged(judged)
    )


def _left_out(what: str | None) -> str:
    return f"\nNot tested: {what}.\n" if what else ""


def _judged(judged: Judgement) -> str:
    said = f": {judged.why.rstrip('.')}" if judged.why else ""
    lines = [f"\n{_shown(judged.came_to)}{said}.\n"]
    if judged.tests:
        lines.append("\n")
    for file, tests in _by_file(judged.tests).items():
        lines.append(f"- `{file}`: {_counted(tests)}{_brokers(tests)}{_longest(tests)}\n")
    return "".join(lines)


def _by_file(tests: Iterable[Outcome]) -> Mapping[str, list[Outcome]]:
    files: dict[str, list[Outcome]] = {}
    for test in sorted(tests, key=lambda each: each.test):
        files.setdefault(test.test.partition("::")[0], []).append(test)
    return files


def _counted(tests: Iterable[Outcome]) -> str:
    came_to = [test.came_to for test in tests]
    return (
        ", ".join(f"{came_to.count(each)} {each}" for each in CameTo if came_to.count(each))
        or "none"
    )


def _brokers(tests: Iterable[Outcome]) -> str:
    named = sorted({test.on for test in tests if test.on})
    return f", on {' and '.join(named)}" if named else ""


def _longest(tests: Iterable[Outcome]) -> str:
    return f", at most {max(test.seconds for test in tests):.1f} s"


def _shown(came_to: CameTo) -> str:
    return f"**{came_to}**" if came_to is not CameTo.HELD else str(came_to)
