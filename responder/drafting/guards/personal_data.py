"""Personal data that patterns can find: in a draft it blocks, in a prompt it becomes a placeholder.

Names and street addresses are not found by patterns; a prompt leaves them out by its structure.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address

from responder.drafting.guards.draft import Draft, Objection

NAME = "personal_data/1"

_EMAIL = re.compile(r"[\w.+%-]+@(?:[\w-]+\.)+[^\W\d_]{2,}")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?!\w)", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.,])\d(?:[ -]?\d){12,18}(?!\w)")
_IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:])",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.,/-])(?:\+|00|\(?0)\d?[\d ()/.-]{5,18}\d(?!\w)")
_USERINFO = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/@]+@\S+", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\[(?:PHONE|EMAIL|IBAN|CARD|IP|URL|HANDLE)_\d+\]")
_HANDLE = re.compile(r"(?<![\w./])@[\w][\w.-]*")
_LEAST_PHONE_DIGITS = 7
_IBAN_HEAD = 4


def check(draft: Draft) -> Objection | None:
    if _PLACEHOLDER.search(draft.text):
        return Objection("personal_data", "The draft still held a placeholder.")
    known = " ".join(p.quote for p in draft.cited)
    for kind, found in find(draft.text):
        # What the operator published as knowledge may be published again.
        if found not in known:
            return Objection("personal_data", f"The draft held personal data ({kind.lower()}).")
    return None


def find(text: str) -> list[tuple[str, str]]:
    """(kind, text) of everything that looks personal, most specific kind first."""
    found: list[tuple[str, str]] = []
    for kind, pattern, holds in _KINDS:
        ours = [m.group() for m in pattern.finditer(text) if holds(m.group())]
        found.extend((kind, each) for each in ours)
        for each in ours:
            text = text.replace(each, " ")
    return found


def masked(text: str) -> str:
    """The text with numbered placeholders; the same thing gets the same number."""
    numbers: dict[str, str] = {}
    for kind, found in [*find(text), *(("HANDLE", h) for h in _HANDLE.findall(text))]:
        count = sum(n.startswith(f"[{kind}_") for n in numbers.values()) + 1
        numbers.setdefault(found, f"[{kind}_{count}]")
    for found in sorted(numbers, key=len, reverse=True):
        text = text.replace(found, numbers[found])
    return text


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "").upper()
    number = "".join(str(int(c, 36)) for c in plain[_IBAN_HEAD:] + plain[:_IBAN_HEAD])
    return int(number) % 97 == 1


def _is_card(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    doubled = [sum(divmod(2 * d, 10)) if i % 2 else d for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_ip(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return "." in text or (text.count(":") > 1 and any(c.isdigit() for c in text) and bool(address))


def _is_phone(text: str) -> bool:
    return sum(c.isdigit() for c in text) >= _LEAST_PHONE_DIGITS


def _always(text: str) -> bool:
    return bool(text)


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("URL", _USERINFO, _always),
    ("EMAIL", _EMAIL, _always),
    ("IBAN", _IBAN, _is_iban),
    ("CARD", _CARD, _is_card),
    ("IP", _IP, _is_ip),
    ("PHONE", _PHONE, _is_phone),
)
