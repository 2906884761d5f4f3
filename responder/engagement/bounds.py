"""What keeps one event below the size of a record, however long a comment is."""

import hashlib
import json

from pydantic import JsonValue
from pydantic_core import to_json

from responder.engagement.events import RAW_LIMIT_BYTES, TEXT_LIMIT_BYTES, EngagementReceived

PAGE_TEXT_LIMIT_BYTES = 65_536


def fitted(data: EngagementReceived, **ours: object) -> EngagementReceived:
    """Cut the text and flag it `truncated`; replace a large raw element by its hash.

    Every way in does this before it derives the event's id, which may cover the text. `ours` are
    fields that we know better than the sender.
    """
    text = _cut(data.text, TEXT_LIMIT_BYTES)
    page = data.page
    if page is not None and page.text is not None:
        page = page.model_copy(update={"text": _cut(page.text, PAGE_TEXT_LIMIT_BYTES)})
    return data.model_copy(
        update={
            "text": text,
            "truncated": text != data.text,
            "page": page,
            "raw": _small(data.raw),
            **ours,
        }
    )


def _cut(text: str, limit_bytes: int) -> str:
    """The longest beginning within the limit; never half a character."""
    if len(text) * 4 <= limit_bytes:
        return text
    encoded = text.encode()
    if len(encoded) <= limit_bytes:
        return text
    return encoded[:limit_bytes].decode(errors="ignore")


def _small(raw: JsonValue) -> JsonValue:
    # Without the spaces it is quickly written, and they never double it.
    if raw is None or 2 * len(to_json(raw)) <= RAW_LIMIT_BYTES:
        return raw
    encoded = json.dumps(raw, ensure_ascii=False, sort_keys=True).encode()
    if len(encoded) <= RAW_LIMIT_BYTES:
        return raw
    return {"sha256": hashlib.sha256(encoded).hexdigest(), "bytes": len(encoded)}
