from uuid import UUID

import pytest

from responder.engagement.model import PersonId
from responder.web.security import (
    ApiTokens,
    CrossSite,
    PlainHttp,
    SessionCookie,
    headers,
    is_loopback,
    origin_of,
    refuse_cross_site,
)

OWN = {"https://responder.example"}
ANA = PersonId(UUID(int=1))


@pytest.mark.parametrize(
    ("site", "origin", "has_cookie"),
    [
        ("same-origin", None, True),
        ("none", None, True),  # typed into the address bar
        ("same-origin", "https://elsewhere.example", True),  # the browser's own word comes first
        (None, "https://responder.example", True),  # plain HTTP off localhost sends no site
        (None, None, False),  # no browser, and nobody's session
    ],
)
def test_a_change_that_a_page_of_ours_asks_for_goes_through(
    site: str | None,
    origin: str | None,
    has_cookie: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    refuse_cross_site(site=site, origin=origin, own=OWN, has_cookie=has_cookie)


@pytest.mark.parametrize(
    ("site", "origin", "has_cookie"),
    [
        ("cross-site", "https://responder.example", True),
        ("same-site", None, True),  # another host of the same owner is another page all the same
        ("cross-site", None, False),
        (None, "https://responder.example.evil.example", True),
        (None, "http://responder.example", True),
        (None, "https://responder.example:8443", True),
        (None, "null", True),
        (None, None, True),
        ("", "https://responder.example", True),
    ],
)
def test_a_change_that_another_page_asks_for_is_refused(
    site: str | None,
    origin: str | None,
    has_cookie: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    with pytest.raises(CrossSite):
        refuse_cross_site(site=site, origin=origin, own=OWN, has_cookie=has_cookie)


def test_under_https_the_cookie_is_bound_to_the_host() -> None:
    cookie = SessionCookie.under("https://responder.example", lifetime_seconds=60)
    assert (cookie.name, cookie.secure) == ("__Host-session", True)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:1", "[::1]:8080", "a.localhost"])
def test_on_this_machine_plain_http_will_do(host: str) -> None:
    cookie = SessionCookie.under(f"http://{host}", lifetime_seconds=60)
    assert (cookie.name, cookie.secure) == ("session", False)


@pytest.mark.parametrize(
    "host", ["responder.example", "192.168.1.4:8080", "localhost.evil.example"]
)
def test_plain_http_elsewhere_is_refused_with_the_remedy(host: str) -> None:
    with pytest.raises(PlainHttp, match="https, or ssh -L"):
        SessionCookie.under(f"http://{host}", lifetime_seconds=60)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Responder.example/queue", "https://responder.example"),
        ("https://responder.example:443", "https://responder.example"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_told_as_browsers_tell_it(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_loopback_is_this_machine_alone() -> None:
    assert is_loopback("127.8.8.8")
    assert not is_loopback("10.0.0.1")


def test_only_tls_promises_tls() -> None:
    assert "Strict-Transport-Security" in headers(https=True)
    assert "Strict-Transport-Security" not in headers(https=False)


def test_the_policy_allows_nothing_inline_and_nobody_else() -> None:
    policy = headers(https=True)["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy


def test_a_token_names_its_person_and_is_not_kept() -> None:
    tokens = ApiTokens.of({"the-secret": ANA})
    assert tokens.person("Bearer the-secret") == ANA
    assert tokens.person("bearer the-secret") == ANA
    assert "the-secret" not in repr(tokens)
    assert "the-secret" not in repr(tokens.people)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic the-secret", "the-secret"]
)
def test_whatever_is_no_known_token_is_nobody(header: str | None) -> None:
    assert ApiTokens.of({"the-secret": ANA}).person(header) is None
