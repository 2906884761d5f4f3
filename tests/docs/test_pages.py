"""The pages name only what is there: files, commands, settings."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.cli.program import COMMANDS
from responder.settings.shown import documented

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[\w-]+)?\)")
COMMAND = re.compile(r"(?:^|[`\s/])responder ((?:[a-z]+ ?)+)", re.MULTILINE)
VARIABLE = re.compile(r"RESPONDER_[A-Z]+__[A-Z_]+")
CODE = re.compile(r"`([^`\n]+)`|```\w*\n(.*?)```", re.DOTALL)
TESTS = re.compile(r"\btests/[\w/.]+")
WORDS_OF_COMMANDS = {" ".join(command.path) for command in COMMANDS}


def code(page: Path) -> Iterator[str]:
    for inline, block in CODE.findall(page.read_text(encoding="utf-8")):
        yield inline or block


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_resolves(page: Path) -> None:
    targets = [target for target, _ in LINK.findall(page.read_text(encoding="utf-8"))]
    missing = [
        target for target in targets if "://" not in target and not (page.parent / target).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_is_named_exists(page: Path) -> None:
    named = [said for each in code(page) for said in COMMAND.findall(each)]
    unknown = [
        said
        for said in named
        if not any(said.strip().startswith(command) for command in WORDS_OF_COMMANDS)
    ]
    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_that_is_named_exists(page: Path) -> None:
    known = {each.variable.partition("<")[0].rstrip("_") for each in documented()}
    named = {
        name
        for name in VARIABLE.findall(page.read_text(encoding="utf-8"))
        if not name.startswith(("RESPONDER_SOURCE__", "RESPONDER_WEBHOOK__"))
    }
    assert {name for name in named if not {name, name.removesuffix("_FILE")} & known} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_is_named_is_there(page: Path) -> None:
    named = {said for each in code(page) for said in TESTS.findall(each)}
    assert {said for said in named if not (ROOT / said).exists()} == set()


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200
