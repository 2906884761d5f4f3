"""The small parts: filters in the URL, static files, shortcuts, what a form says it saw."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.access.model import Shortcuts
from responder.review.ports import QueueFilter
from responder.testing.ledger import ANA
from responder.web.console.assets import FOLDER, Assets
from responder.web.console.letters import readable
from responder.web.console.scope import Scope, scope_of
from responder.web.console.shortcuts import SHORTCUTS, attributes
from responder.web.console.staleness import Seen, read_seen

TEMPLATES = FOLDER.parent / "templates"


def sources(folder: Path, pattern: str) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.glob(pattern)))


NAMES = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)


@given(st.builds(QueueFilter, queue=NAMES, source=NAMES, assigned_to=st.none() | st.just(ANA)))
def test_a_view_comes_back_from_its_address(wanted: QueueFilter) -> None:
    from urllib.parse import parse_qsl  # noqa: PLC0415

    query = Scope(wanted).query().removeprefix("?")
    assert scope_of(dict(parse_qsl(query, keep_blank_values=True)), viewer=ANA).wanted == wanted


@given(st.dictionaries(st.sampled_from(["state", "queue", "source", "q", "for", "x"]), st.text()))
def test_any_address_is_some_view(query: dict[str, str]) -> None:
    assert scope_of(query).wanted.state in {"open", "attention", "answered", "closed", "deleted"}


def test_a_view_asks_for_nothing_that_the_database_cannot_hold() -> None:
    nul = dict.fromkeys(("queue", "source", "q"), "\x00")
    assert scope_of(nul).wanted == QueueFilter()
    assert scope_of({"queue": "a\x00b"}).wanted.queue == "ab"


def test_a_static_file_that_changes_changes_its_name(tmp_path: Path) -> None:
    for name in ("reset", "tokens", "base", "components", "states"):
        (tmp_path / "css").mkdir(exist_ok=True)
        (tmp_path / "css" / f"{name}.css").write_text("")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "main.js").write_text('import "./part.js";\n')
    (tmp_path / "js" / "part.js").write_text("let one = 1;\n")
    before = Assets(tmp_path).url("main.js")
    (tmp_path / "js" / "part.js").write_text("let two = 2;\n")
    assert Assets(tmp_path).url("main.js") != before


def test_modules_import_each_other_by_their_hashed_names() -> None:
    assets = Assets()
    imported = {
        name
        for asset in assets.files.values()
        for name in re.findall(rb'from "\./([^"]+)"', asset.content)
    }
    assert imported
    assert {name.decode() for name in imported} <= set(assets.files)


def test_the_scripts_stay_small_enough_to_read() -> None:
    lengths = {p.name: len(p.read_text().splitlines()) for p in (FOLDER / "js").glob("*.js")}
    assert max(lengths.values()) <= 150, lengths
    assert sum(lengths.values()) <= 1000


def test_no_page_has_an_inline_style_or_script() -> None:
    pages = sources(TEMPLATES, "*.html")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", pages)
    assert not re.search(
        r"innerHTML|insertAdjacentHTML|document\.write|eval\(", sources(FOLDER / "js", "*.js")
    )


def test_nothing_is_loaded_from_elsewhere() -> None:
    everything = (
        sources(TEMPLATES, "*.html")
        + sources(FOLDER / "css", "*.css")
        + sources(FOLDER / "js", "*.js")
    )
    assert not re.search(
        r"""(?:src|href)=["']?https?:|url\(\s*["']?(?:https?:)?//|@import""", everything
    )


def test_every_shortcut_has_a_control_and_every_control_a_shortcut() -> None:
    used = set(re.findall(r'key\("(.)"\)', sources(TEMPLATES, "*.html")))
    assert used == {shortcut.key for shortcut in SHORTCUTS}


def test_a_shortcut_that_is_turned_off_leaves_no_trace() -> None:
    assert attributes("A", Shortcuts.OFF) == {}
    assert attributes("A", Shortcuts.ON) == {"data-key": "A", "aria-keyshortcuts": "A"}
    assert attributes("A", Shortcuts.ALT) == {"data-key": "A", "aria-keyshortcuts": "Alt+A"}


def test_a_key_that_is_in_no_list_cannot_be_given_to_a_control() -> None:
    with pytest.raises(KeyError):
        attributes("Z", Shortcuts.ON)


UNUSABLE = (
    "[]",
    "{}",
    '{"thread": [[1]], "text": 1}',
    '{"thread": [["c", Infinity]], "text": "", "suggestion": ""}',
    "[" * 10_000,
)


@given(st.text() | st.sampled_from(UNUSABLE))
def test_whatever_a_form_says_that_it_saw_can_be_read(written: str) -> None:
    assert isinstance(read_seen(written), Seen)


@given(st.binary(max_size=200))
def test_a_record_is_readable_whatever_it_holds(raw: bytes) -> None:
    text = readable(raw)
    assert text.encode() == raw or bytes.fromhex(text) == raw
