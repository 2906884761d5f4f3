"""Which days somebody asks about, as an address says it: `days=7`, or `first=…&last=…`."""

from collections.abc import Mapping
from datetime import date

from responder.engagement.errors import Malformed
from responder.insights.response_times import MOST_DAYS, Days

USUAL = 7
DIGITS = 3


def days_of(query: Mapping[str, str], today: date) -> Days:
    """The days that are meant; without a word about it the last seven, today included.

    Raises:
        Malformed: there are no such days, or too many.
    """
    first, last = (query.get(name, "") for name in ("first", "last"))
    if not first and not last:
        return Days.until(today, _count(query.get("days", str(USUAL))))
    try:
        return Days(_day("first", first, today), _day("last", last, today))
    except ValueError:
        why = f"the first day is at most {MOST_DAYS} days before the last."
        raise Malformed(what="first", why=why) from None


def _count(written: str) -> int:
    count = (
        int(written) if written.isascii() and written.isdigit() and len(written) <= DIGITS else 0
    )
    if not 1 <= count <= MOST_DAYS:
        raise Malformed(what="days", why=f"it is no number from 1 to {MOST_DAYS}.")
    return count


def _day(name: str, written: str, today: date) -> date:
    """An open end is today."""
    try:
        return date.fromisoformat(written) if written else today
    except ValueError:
        raise Malformed(what=name, why="it is no day like 2026-05-01.") from None
