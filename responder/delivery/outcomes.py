"""What an answer means that is not a readable success. One table for every platform.

| observed | outcome |
|---|---|
| no byte left | `not_sent` |
| 429; 503 with `Retry-After` where the platform promises that nothing was done | `throttled` |
| another 4xx, any 3xx | `refused`: no proof, delivery reads back before it believes it |
| 408, 409, 425, another 5xx, a 2xx that cannot be read, silence, a reset | `unknown` |

A clean 4xx is no proof that nothing was posted: it has been seen after posting.
"""

import html
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from responder.delivery.ports import AttemptOutcome, Posted
from responder.engagement.http import Answer, Lost, NotSent, Result

DETAIL_CHARACTERS = 300
DEFAULT_WAIT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 86_400.0
_DOUBT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})
_OURS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_MARKUP = re.compile(r"(?is)<(script|style|title|h1)\b.*?</\1\s*>|<[^<>]*>")
_WORDS = ("detail", "message", "error", "title")


def not_a_success(
    result: Result,
    *,
    now: datetime,
    secrets: Sequence[str] = (),
    busy_means_undone: bool = False,
) -> Posted:
    """Read a result by the table above.

    Args:
        result: whatever came back; a 2xx here is one that could not be read.
        now: wall time, for a `Retry-After` that names a date.
        secrets: cut out of the platform's words, which may repeat what we sent.
        busy_means_undone: the platform promises that a 503 with `Retry-After` did nothing.
    """
    match result:
        case NotSent(why=why):
            return Posted(outcome=AttemptOutcome.NOT_SENT, detail=_line(why))
        case Lost(why=why):
            return Posted(outcome=AttemptOutcome.UNKNOWN, detail=_line(why))
        case Answer():
            return _answered(
                result, now, words(result, secrets), busy_means_undone=busy_means_undone
            )


def words(answer: Answer, secrets: Sequence[str] = ()) -> str:
    """What the platform said, in one line of at most 300 characters, without our secrets."""
    text = answer.body[: 16 * DETAIL_CHARACTERS].decode("utf-8", "replace")
    said = _from_json(answer.body) or html.unescape(_MARKUP.sub(" ", text))
    for secret in filter(None, secrets):
        said = said.replace(secret, "…")
    return _line(f"{answer.status}: {said}" if said.strip() else str(answer.status))


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from now, at most a day; None if it is absent or unreadable.

    Source: RFC 9110, section 10.2.3 (seconds, or an HTTP date).
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        return min(float(text), LONGEST_WAIT_SECONDS)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the second for a zone beyond all hours
        return None
    when = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return min(max((when - now).total_seconds(), 0.0), LONGEST_WAIT_SECONDS)


def _answered(answer: Answer, now: datetime, detail: str, *, busy_means_undone: bool) -> Posted:
    status = answer.status
    after = retry_after(answer.headers, now)
    busy = status == HTTPStatus.SERVICE_UNAVAILABLE and after is not None and busy_means_undone
    if status == HTTPStatus.TOO_MANY_REQUESTS or busy:
        wait = DEFAULT_WAIT_SECONDS if after is None else after
        return Posted(outcome=AttemptOutcome.THROTTLED, detail=detail, after_seconds=wait)
    is_no = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if is_no and status not in _DOUBT:
        return Posted(outcome=AttemptOutcome.REFUSED, detail=detail, pause_source=status in _OURS)
    return Posted(outcome=AttemptOutcome.UNKNOWN, detail=detail)


def _from_json(body: bytes) -> str:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(data, Mapping):
        return ""
    return next((data[name] for name in _WORDS if isinstance(data.get(name), str)), "")


def _line(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:DETAIL_CHARACTERS]
