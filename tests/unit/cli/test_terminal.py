"""A person gets columns, a program gets rows; neither can be steered by what is shown."""

import io

import pytest
from typing_extensions import override

from responder.cli.terminal import Terminal

ROWS = [("9cbdd91a-55d8-4906-8ac4-0b7d5a7c3f10", "a\ttab and \x1b[2J"), ("b", "plain")]


class _Screen(io.StringIO):
    """What a person looks at."""

    @override
    def isatty(self) -> bool:
        return True


def _shown(file: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.stdout", file)
    Terminal().table(("id", "why"), ROWS)
    return file.getvalue()


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_program_gets_the_same_rows_however_wide_a_terminal_would_be(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    first, second = _shown(io.StringIO(), monkeypatch).splitlines()
    assert first == f"{ROWS[0][0]}\ta\\ttab and \\u001b[2J"
    assert second == "b\tplain"


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_person_gets_every_id_whole_under_its_name(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = _shown(_Screen(), monkeypatch)
    assert shown.startswith("id")
    assert ROWS[0][0] in shown
    assert "\\u001b[2J" in shown
    assert "\x1b[2J" not in shown


def test_a_journal_that_likes_colours_is_nobody_who_may_see_a_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert not Terminal().is_seen
