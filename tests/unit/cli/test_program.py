"""Every command explains itself, and ends with a code that a script can rely on."""

import os
import subprocess
import sys

import pytest

from responder.cli.program import COMMANDS, GROUPS, run

PATHS = [each.path for each in COMMANDS]


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_the_help_of_a_command_ends_with_an_example_that_it_explains(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*path, "--help"]) == 0
    shown = capsys.readouterr().out
    *explained, heading, _, example = shown.strip().splitlines()
    assert heading == "Example:"
    assert example.strip().startswith(f"responder {' '.join(path)}")
    options = [word for word in example.split() if word.startswith("--")]
    assert [option for option in options if option not in "\n".join(explained)] == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_alone_shows_its_commands(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([group]) == 0
    shown = capsys.readouterr().out
    assert all(path[1] in shown for path in PATHS if path[0] == group)


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_can_be_asked_for_as_everywhere(
    flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["version"]) == 0
    told = capsys.readouterr().out
    assert run([flag]) == 0
    assert capsys.readouterr().out == told


@pytest.mark.parametrize("path", [(), *((group,) for group in GROUPS), *PATHS], ids=" ".join)
def test_a_single_h_is_a_cry_for_help(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*path, "--help"]) == 0
    helped = capsys.readouterr().out
    assert run([*path, "-h"]) == 0
    assert capsys.readouterr().out == helped


def test_the_program_alone_shows_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    shown = capsys.readouterr().out
    assert [path[0] for path in PATHS if path[0] not in shown] == []


def test_a_reader_that_has_read_enough_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "responder", "--help"],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_an_unknown_command_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verson"]) == 2
    assert "Did you mean 'version'?" in capsys.readouterr().err


def test_an_unknown_command_of_a_group_suggests_the_nearest_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["deadletter", "retyr"]) == 2
    assert "Did you mean 'retry'?" in capsys.readouterr().err


def test_an_unknown_option_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--verbos"]) == 2
    assert "Did you mean --verbose?" in capsys.readouterr().err


def test_a_missing_argument_is_wrong_usage() -> None:
    assert run(["user", "add"]) == 2


def test_an_error_says_what_why_what_next_and_where_to_read_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RESPONDER_SERVER__PRT", "1")
    assert run(["config", "show"]) == 3
    said = capsys.readouterr().err
    assert "RESPONDER_SERVER__PRT is not a setting; did you mean RESPONDER_SERVER__PORT?" in said
    assert [line.split(":")[0] for line in said.splitlines()] == [
        "error",
        "  RESPONDER_SERVER__PRT is not a setting; did you mean RESPONDER_SERVER__PORT?",
        "why",
        "next",
        "docs",
    ]


def test_a_traceback_is_shown_only_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RESPONDER_SERVER__PORT", "none")
    run(["config", "show"])
    assert "Traceback" not in capsys.readouterr().err
    run(["--debug", "config", "show"])
    assert "Traceback" in capsys.readouterr().err


def test_the_version_can_be_told_whole_for_a_bug_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["version", "--verbose"]) == 0
    assert "python 3." in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--no-color"], []], ids=["--no-color", "NO_COLOR"])
def test_colours_can_be_left_out(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    run(["nothing"])
    assert "\x1b[1;31m" in capsys.readouterr().err
    if not arguments:
        monkeypatch.setenv("NO_COLOR", "1")
    run([*arguments, "nothing"])
    assert "31m" not in capsys.readouterr().err
