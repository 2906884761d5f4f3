"""JSON from strangers: strict UTF-8, bounded depth, nothing that is not JSON."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from responder.engagement import strict_json
from responder.engagement.errors import Malformed
from responder.engagement.events import EngagementReceived, Inbound, ReplyPosted, validated

MAX_DEPTH = 32
MAX_ELEMENTS = 1_000
"""Events in one batch."""

INBOUND: Mapping[str, type[Inbound]] = {
    model.type: model for model in (EngagementReceived, ReplyPosted)
}
"""What may be pushed, by its type."""

_FAMILIES = ("engagement.", "comment.", "mention.", "reply.")
BODY_LIMIT_BYTES = 983_040
"""960 KiB: a body that cannot be read, or the event it holds, still fits a record of 1 MB whole."""


def is_ignorable(event_type: str) -> bool:
    """Whether a type is none of ours at all: a ping, or news of something that is no comment.

    A type of our own families that we do not know (a typing error, a later version) is never left
    out: somebody may have written the comment in it.
    """
    return not event_type.startswith(_FAMILIES)


def read_json(value: bytes, *, what: str = "the body") -> JsonValue:
    """Read one JSON text.

    Raises:
        Malformed: not UTF-8, not JSON (also NaN and Infinity), or nested deeper than `MAX_DEPTH`;
            quotes nothing of the value.
    """
    read = strict_json.read_json(value, what=what)
    # Nothing is nested deeper than it has brackets: nearly always one look at the bytes is enough.
    if value.count(b"[") + value.count(b"{") > MAX_DEPTH and _deeper_than(read, MAX_DEPTH):
        raise Malformed(what=what, why=f"nested deeper than {MAX_DEPTH} levels")
    return read


def read_inbound(model: type[Inbound], data: JsonValue, *, what: str = "data") -> Inbound:
    """Validate the data of a pushed event.

    Raises:
        Malformed: names the first wrong field and why, without quoting the value.
    """
    if not isinstance(data, Mapping):
        raise Malformed(what=what, why="it is not a JSON object")
    read = validated(model, data)
    assert isinstance(read, Inbound)  # noqa: S101 - what this gives is of the model asked for
    return read


def to_json(value: JsonValue) -> bytes:
    """Write JSON again, for the dead letter of one element of a batch."""
    return json.dumps(value).encode()


def _deeper_than(value: JsonValue, limit: int) -> bool:
    level: list[JsonValue] = [value]
    for _ in range(limit + 1):
        level = [held for container in level for held in _held(container)]
        if not level:
            return False
    return True


def _held(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
