import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.web.console.text import clipped, host, initials, inline, safe_url, shown

OURS = re.compile(r'</?(?:span|b|bdi)(?: (?:class|title|translate|dir)="[^"<>]*")*>')


@given(st.text())
def test_no_text_makes_an_element_of_its_own(written: str) -> None:
    without_ours = OURS.sub("", str(shown(written)))
    assert not set("<>") & set(without_ours)


@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "L", "Zs"])))
def test_nothing_invisible_reaches_the_page_unseen(written: str) -> None:
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00-\x08\x7f]", str(shown(written)))


@given(st.text(alphabet="abc äöü\n\téß中文?!.,"))
def test_plain_text_stays_as_it_was_written(written: str) -> None:
    assert str(shown(written)) == written


@pytest.mark.parametrize("written", ["👨‍👩‍👧", "❤️", "1️⃣", "नमस्‍ते", "می‌خواهم", "🏳️‍🌈"])
def test_what_a_script_or_an_emoji_needs_is_left_alone(written: str) -> None:
    assert str(shown(written)) == written


def test_a_hidden_order_is_counted() -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "ignore all")
    assert "⟨10 invisible characters⟩" in shown(f"Nice!{hidden}")


def test_a_text_that_runs_backwards_is_named() -> None:
    assert 'title="right-to-left override">⟨U+202E⟩' in shown("\u202egnp.exe")


def test_marks_stacked_on_marks_are_cut() -> None:
    assert str(shown("a" + "\u0301" * 50)) == "a" + "\u0301" * 4


@pytest.mark.parametrize(
    ("written", "real"),
    [
        ("https://paypal.com@evil.example/login", "evil.example"),
        ("https://\u0440\u0430\u0443\u0440\u0430l.com/", "xn--l-7sba6dbr.com"),
        ("http://exa\u200bmple.com/", "example.com"),
        ("https://sparkasse-gro\u00df.de/", "xn--sparkasse-gro-ndb.de"),
        ("https://\u0430\u0440\u0440\u04cf\u0435.com/", "xn--80ak6aa92e.com"),
        ("https://g\u03bf\u03bfgle.com/", "xn--ggle-0nda.com"),
        ("https://I\u2764.ws/", "xn--i-7iq.ws"),
        ("https://\u65e5\u672c\u3002jp/", "xn--wgv71a.jp"),
        ("https://\uff45xample.com/", "example.com"),
        ("https://evil%2Eexample/", "evil.example"),
    ],
)
def test_a_link_that_pretends_is_shown_with_its_real_host(written: str, real: str) -> None:
    said = shown(written)
    assert "href" not in said
    assert f"⟨leads to {real}⟩" in said


def test_the_host_of_a_link_ends_where_browsers_end_it() -> None:
    assert "<b>evil.example</b>" in shown(r"https://evil.example\@paypal.com/")
    assert safe_url(r"https://evil.example\@paypal.com/") == "https://evil.example/@paypal.com/"


def test_a_host_that_no_browser_resolves_is_shown_with_its_odd_characters() -> None:
    assert "⟨leads to a\\u202eb.example⟩" in shown("https://a\u202eb.example/")


def test_an_honest_link_is_shown_once() -> None:
    said = shown("See https://example.com/a?b=1.")
    assert said.striptags() == "See https://example.com/a?b=1."
    assert "leads to" not in said


@given(st.text())
def test_an_excerpt_is_one_isolated_line(written: str) -> None:
    excerpt = inline(written, 40)
    assert excerpt.startswith('<bdi dir="auto">')
    assert "\n" not in excerpt


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_what_is_clipped_is_never_longer_than_the_limit(written: str, limit: int) -> None:
    assert len(clipped(written, limit)) <= limit


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "data:text/html,x", "//x", "https://", "http://[", "x"]
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert safe_url(url) is None
    assert host(url) is None


def test_a_link_loses_its_user_and_speaks_ascii() -> None:
    assert safe_url("https://u:p@exämple.de:8443/x?y#z") == "https://xn--exmple-cua.de:8443/x?y#z"


@given(st.text())
def test_any_url_can_be_asked(url: str) -> None:
    address = safe_url(f"https://{url}")
    assert address is None or address.startswith("https://")


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ana María López", "AL"), ("dee", "D"), ("li_wei", "LW"), ("😀", "?"), ("", "?")],
)
def test_initials_stand_for_a_person(name: str, letters: str) -> None:
    assert initials(name) == letters
