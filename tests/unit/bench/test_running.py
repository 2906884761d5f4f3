"""Which rows are measured, what the exit code says of them, and how ours is set."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict

import pytest

from bench import __main__ as program
from bench.figures import Figure, Row
from bench.machine import conditions
from bench.setting import Setting
from responder.settings import Settings
from responder.stream.options import StreamOptions


def row(number: str, *void: str) -> Row:
    return Row(id=number, case="a case", unit="s", ours=Figure([1.0]), void={"ours": list(void)})


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rows that were asked for: one counts, one is void, one breaks off."""
    asked: list[str] = []

    async def counts(_: Setting) -> Sequence[Row]:
        asked.append("P6")
        return [row("P6")]

    async def is_void(_: Setting) -> Sequence[Row]:
        asked.append("P7")
        return [row("P7", "something was lost")]

    async def breaks_off(_: Setting) -> Sequence[Row]:
        asked.append("P8")
        raise LookupError("no such page")

    @asynccontextmanager
    async def no_broker(**_: object) -> AsyncIterator[object]:
        yield object()

    monkeypatch.setattr(program, "running_cluster", no_broker)
    monkeypatch.setattr(program, "ROWS", {"P8": breaks_off, "P7": is_void, "P6": counts})
    return asked


def test_all_is_well_where_each_run_counts(
    measured: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--smoke", "--only", "P6"]) == 0
    assert measured == ["P6"]
    assert "- P6: command make bench ONLY=P6 RUNS=1" in capsys.readouterr().out


def test_a_void_run_fails(measured: list[str]) -> None:
    assert program.main(["--smoke", "--only", "P7"]) == 1
    assert measured == ["P7"]


def test_a_row_that_breaks_off_fails_and_the_others_are_measured_and_shown(
    measured: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--smoke", "--only", "P8", "--only", "P6"]) == 1
    assert sorted(measured) == ["P6", "P8"]
    said = capsys.readouterr()
    assert "| P6 | a case |" in said.out
    assert "LookupError: no such page" in said.err


def test_a_row_that_is_read_off_the_runs_of_another_names_these(measured: list[str]) -> None:
    assert program.main(["--smoke", "--only", "P9", "--only", "P6"]) == 0
    assert measured == ["P6"]


def test_a_row_says_of_which_commit_it_is() -> None:
    assert conditions()["commit"]


def test_our_consumer_is_measured_with_the_options_that_roles_have_by_default() -> None:
    roles, measured = Settings().stream.model_dump(), asdict(StreamOptions())
    both = roles.keys() & measured.keys()
    assert len(both) > 10
    assert {name: roles[name] for name in both} == {name: measured[name] for name in both}
