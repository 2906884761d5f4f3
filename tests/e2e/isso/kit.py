"""Isso sites, and how Responder is told of them."""

from dataclasses import dataclass

from responder.testing.isso import IssoServer


@dataclass(frozen=True)
class Sites:
    blog: IssoServer
    """With its default guard."""
    held: IssoServer
    """Moderated."""


def source(name: str, base_url: str, site: str) -> str:
    """One Isso site in `responder.toml`, read as often as may be."""
    return f"""
[sources.{name}]
platform = "isso"
url = "{site}"
base_url = "{base_url}"
post_as = "The team"
email = "team@example.org"
allowed_networks = ["127.0.0.0/8"]
poll_seconds = 5
"""
