"""Links go where a cited passage is, exactly; nobody else is called by handle."""

import re

from responder.drafting.guards.draft import Draft, Objection

NAME = "links/1"

_URL = re.compile(
    r"[a-z][a-z0-9+.-]*://[^\s<>\"')\]]+|(?<![\w.@/-])www\.[^\s<>\"')\]]+", re.IGNORECASE
)
_BARE = re.compile(
    r"(?<![\w@./:-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?/[^\s<>\"')\]]*", re.IGNORECASE
)
_DOMAIN = re.compile(
    r"(?<![\w@./:-])(?:[a-z0-9-]+\.)+(?:com|net|org|info|biz|io|co|ly|me|app|shop|store|online|site|xyz|top|ru|cn|example|invalid|test)(?![\w.-]*\w)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"\]\(|<a\b|<img\b|<script\b|javascript:|data:", re.IGNORECASE)
_ENDS = r"(?=[.,;:!?)\u201d\u00bb\"']*(?:\s|$))"
"""An address ends where only punctuation follows; anything else makes it another one."""
_HANDLE = re.compile(r"(?<![\w.])@\w+")


def check(draft: Draft) -> Objection | None:
    allowed = {p.url for p in draft.cited if p.url}
    plain = draft.text
    for url in sorted(allowed, key=len, reverse=True):
        plain = re.sub(re.escape(url) + _ENDS, " ", plain)
    if any(p.search(plain) for p in (_URL, _BARE, _DOMAIN, _MARKUP)):
        return Objection("unsafe_output", "The draft held a link that none of its sources has.")
    if _HANDLE.search(plain):
        return Objection("unsafe_output", "The draft called somebody by a handle.")
    return None
