"""What guards the pages: headers, the origin of a request, the session cookie, bearer tokens.

Pure functions over values; the console and the API apply them.

Sources: CSP level 3 and Trusted Types (W3C); Fetch Metadata (W3C) for `Sec-Fetch-Site`; RFC 6454 for
`Origin`; RFC 6265bis, section 4.1.3 for the `__Host-` prefix; RFC 6750, section 2.1 for bearer tokens.
"""

import hashlib
import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from responder.engagement.errors import Misconfigured, Refused
from responder.engagement.model import PersonId

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types console"
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(eq=False, kw_only=True)
class CrossSite(Refused):
    """This request did not come from a page of ours: {why}"""  # noqa: D415 - the reason ends it

    why: str


@dataclass(eq=False, kw_only=True)
class PlainHttp(Misconfigured):
    """The console cannot be at {url}: plain HTTP is for this machine alone. Use https, or ssh -L."""

    url: str


def headers(*, https: bool) -> Mapping[str, str]:
    """What every answer carries.

    The referrer policy is `same-origin` and not `no-referrer`: under that, browsers send
    `Origin: null` with our own forms.
    """
    always = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if https:
        always["Strict-Transport-Security"] = "max-age=31536000"
    return always


def refuse_cross_site(
    *,
    site: str | None,
    origin: str | None,
    own: Collection[str],
    has_cookie: bool,
) -> None:
    """Let a change through only if a page of ours, or no page at all, asks for it.

    Args:
        site: `Sec-Fetch-Site`. Browsers leave it out over plain HTTP that is not localhost.
        origin: `Origin`.
        own: our origins, as `scheme://host[:port]`.
        has_cookie: whether the request would act with somebody's session.

    Raises:
        CrossSite: says which header decided. Nothing was done.
    """
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSite(why=f"the browser says that it is {site}.")
    elif origin is not None:
        if origin not in own:
            raise CrossSite(why="its Origin is another.")
    elif has_cookie:
        raise CrossSite(why="a request with a session needs Sec-Fetch-Site or Origin.")


def origin_of(url: str) -> str:
    """`scheme://host[:port]`, without the port that goes without saying."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """How the session's secret travels."""

    name: str
    secure: bool
    lifetime_seconds: int

    @classmethod
    def under(cls, public_url: str, *, lifetime_seconds: int) -> Self:
        """With prefix and `Secure` under https; without both on this machine alone.

        Raises:
            PlainHttp: plain HTTP anywhere else.
        """
        if urlsplit(public_url).scheme == "https":
            return cls("__Host-session", secure=True, lifetime_seconds=lifetime_seconds)
        if not is_loopback(urlsplit(public_url).hostname or ""):
            raise PlainHttp(url=public_url)
        return cls("session", secure=False, lifetime_seconds=lifetime_seconds)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it. `*.localhost` never leaves it (RFC 6761, 6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, repr=False)
class ApiTokens:
    """Whom a program may act for, by the hash of its token."""

    people: Mapping[bytes, PersonId]

    @classmethod
    def of(cls, tokens: Mapping[str, PersonId]) -> Self:
        """From the tokens themselves, which are not kept."""
        return cls({_digest(token): person for token, person in tokens.items()})

    def person(self, authorization: str | None) -> PersonId | None:
        """Whose token an `Authorization` header carries, if anybody's."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return self.people.get(_digest(token.strip()))


def _digest(token: str) -> bytes:
    # A lookup by hash tells nothing by its timing, and a token carries its own chance.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
