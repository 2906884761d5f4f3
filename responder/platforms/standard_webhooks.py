"""Pushes in the Standard Webhooks format: our anchor, and what our own plugins send.

The body is `{"type": …, "timestamp": …, "data": {…}}`. `type` is `engagement.received.v1` or
`reply.posted.v1`, with the data of that event; `comment.created`, `comment.edited` and
`comment.deleted` are short for the first with its `kind`.

Source: Standard Webhooks specification 1.0.0, "Payload structure" (retrieved November 2026).
"""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from responder.engagement.errors import Malformed
from responder.engagement.events import EngagementReceived, Inbound
from responder.engagement.model import Kind
from responder.intake.ports import Broken, Found, Handshake, Parsed, Push, Refused, Verified
from responder.intake.reading import (
    BODY_LIMIT_BYTES,
    INBOUND,
    is_ignorable,
    read_inbound,
    read_json,
)
from responder.intake.secrets import Rotating
from responder.platforms.signatures import standard_keys, verify_standard

SHORT = {f"comment.{kind.value}": kind for kind in Kind}
"""Types that say what happened, and so need no `kind`."""


class StandardWebhooks:
    """The way in of a source that signs with `whsec_…` or `whpk_…`."""

    media_types = frozenset({"application/json"})
    body_limit_bytes = BODY_LIMIT_BYTES

    def __init__(self, secrets: Rotating) -> None:
        """Raises UnusableSecret if one of them is no key of this scheme."""
        self._keys = standard_keys(secrets)

    def handshake(self, push: Push) -> Handshake | None:  # noqa: ARG002 - the scheme knows none
        return None

    def verify(self, push: Push, *, now: datetime) -> Verified | Refused:
        return verify_standard(push, self._keys, now=now)

    def parse(self, push: Push) -> Parsed:
        """A body holds one event; what cannot be read is kept as the body it came in."""
        try:
            return _parse(read_json(push.body))
        except Malformed as error:
            return Parsed(broken=(Broken(value=push.body, why=str(error)),))


def _parse(body: JsonValue) -> Parsed:
    if not isinstance(body, Mapping):
        raise Malformed(what="the body", why="it is not a JSON object")
    event_type = body.get("type")
    if not isinstance(event_type, str):
        raise Malformed(what="type", why="it is missing or not a text")
    data = body.get("data")
    if event_type in SHORT and isinstance(data, Mapping):
        return Parsed(found=(Found(data=_short(SHORT[event_type], data)),))
    if event_type in INBOUND:
        return Parsed(found=(Found(data=read_inbound(INBOUND[event_type], data)),))
    if is_ignorable(event_type):
        return Parsed(ignored=("its type is none that is read here",))
    known = ", ".join(sorted({*INBOUND, *SHORT}))
    raise Malformed(what="type", why=f"it is none of {known}")


def _short(kind: Kind, data: Mapping[str, JsonValue]) -> Inbound:
    """A type that says the kind. Data that says another is not ours to choose between."""
    if data.get("kind", kind.value) != kind.value:
        raise Malformed(what="kind", why=f"it is not {kind.value}, as the type says")
    return read_inbound(EngagementReceived, {**data, "kind": kind.value})
