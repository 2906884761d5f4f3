"""CloudEvents 1.0 over HTTP: structured, binary, and batches where the source allows them.

How a source proves itself follows from the secret it is configured with, never from the request:

- `whsec_…` or `whpk_…`: the three Standard Webhooks headers, over the raw body. In binary mode they
  do not cover the `ce-*` headers, so nothing of these is relied on but the type, which chooses
  between models that no data fits both of; the delivery id is the signed `webhook-id`.
- anything else is a token for `Authorization: Bearer …`. It proves the sender, not the content,
  and carries no timestamp: only over TLS. A token in the query is not read.

The URL names the source; the event's own `source` attribute may be whatever the sender likes.

Source: CloudEvents 1.0.2, "HTTP Protocol Binding" and "HTTP 1.1 Web Hooks for Event Delivery"
sections 3 and 4 (read November 2026).
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote_to_bytes

from pydantic import JsonValue

from responder.engagement.errors import Malformed
from responder.engagement.events import storable
from responder.intake.ports import (
    BadEnvelope,
    Broken,
    Found,
    Handshake,
    Parsed,
    Push,
    Reason,
    Refused,
    Verified,
)
from responder.intake.reading import (
    BODY_LIMIT_BYTES,
    INBOUND,
    MAX_ELEMENTS,
    is_ignorable,
    read_inbound,
    read_json,
    to_json,
)
from responder.intake.secrets import Rotating, UnusableSecret
from responder.platforms.signatures import standard_keys, verify_standard

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MIN_TOKEN_LENGTH = 24
MAX_ID_LENGTH = 512

_SIGNING = ("whsec_", "whpk_")
_REQUIRED = ("id", "source", "type")
_ORIGIN = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_RATE = re.compile(r"[1-9][0-9]{0,8}")
_VISIBLE = re.compile(r"[\t\x20-\x7e]*")


class CloudEvents:
    """The way in of a source that speaks CloudEvents."""

    body_limit_bytes = BODY_LIMIT_BYTES

    def __init__(
        self, secrets: Rotating, *, allows_batches: bool = False, requests_per_minute: int = 12_000
    ) -> None:
        """Raises UnusableSecret: too short a token, a broken key, or one of each kind."""
        self._tokens = secrets
        self._keys = standard_keys(secrets) if _is_signing(secrets) else ()
        self._requests_per_minute = requests_per_minute
        batch = {BATCH} if allows_batches else set()
        self.media_types = frozenset({"application/json", STRUCTURED, *batch})

    def handshake(self, push: Push) -> Handshake | None:
        """Allow whoever knows the address; the handshake proves nothing more than that."""
        if not push.every("webhook-request-origin"):
            return None
        origin = push.one("webhook-request-origin")
        if origin is None or not _ORIGIN.fullmatch(origin):
            raise BadEnvelope(what="WebHook-Request-Origin", why="it is not one name of a host")
        asked = push.one("webhook-request-rate")
        if push.every("webhook-request-rate") and not (asked and _RATE.fullmatch(asked)):
            raise BadEnvelope(what="WebHook-Request-Rate", why="it is not a positive number")
        allowed = min(int(asked or self._requests_per_minute), self._requests_per_minute)
        return Handshake(
            status=200,
            headers=(
                ("Allow", "POST, OPTIONS"),
                ("WebHook-Allowed-Origin", origin),
                ("WebHook-Allowed-Rate", str(allowed)),
            ),
        )

    def verify(self, push: Push, *, now: datetime) -> Verified | Refused:
        if self._keys:
            return verify_standard(push, self._keys, now=now)
        return _verify_bearer(push, self._tokens, now)

    def parse(self, push: Push) -> Parsed:
        # The longer prefix first: `application/cloudevents` is a prefix of the batch's type too.
        if push.media_type.startswith("application/cloudevents-batch"):
            return _batch(push.body)
        if push.media_type.startswith("application/cloudevents"):
            return _whole(push.body)
        return _binary(push, keeps_id=not self._keys)


def _is_signing(secrets: Rotating) -> bool:
    given = [secrets.current, *([secrets.previous] if secrets.previous else [])]
    kinds = {secret.reveal().startswith(_SIGNING) for secret in given}
    if len(kinds) > 1:
        raise UnusableSecret(why="the older one proves a push in another way than the newer one")
    if kinds == {False} and any(len(secret.reveal()) < MIN_TOKEN_LENGTH for secret in given):
        raise UnusableSecret(why=f"a token needs at least {MIN_TOKEN_LENGTH} characters")
    return kinds == {True}


def _verify_bearer(push: Push, tokens: Rotating, now: datetime) -> Verified | Refused:
    given = push.every("authorization")
    if not given:
        return Refused(reason=Reason.MISSING_HEADER, detail="authorization is missing")
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer":
        return Refused(
            reason=Reason.MALFORMED_HEADER, detail="authorization is not one Bearer token"
        )
    matches = [n for n, live in enumerate(tokens.live(now)) if live.matches(token)]
    if matches:
        return Verified(delivery_id=None, sent_at=None, key_no=matches[0])
    if tokens.previous is not None and tokens.previous.matches(token):
        return Refused(reason=Reason.SECRET_ENDED, detail="the token has ended")
    return Refused(reason=Reason.WRONG_SIGNATURE, detail="the token is not ours")


def _whole(body: bytes) -> Parsed:
    try:
        return _structured(read_json(body))
    except Malformed as error:
        return Parsed(broken=(Broken(value=body, why=str(error)),))


def _batch(body: bytes) -> Parsed:
    try:
        elements = _elements(read_json(body))
    except Malformed as error:
        return Parsed(broken=(Broken(value=body, why=str(error)),))
    parts = [_element(element) for element in elements]
    return Parsed(
        found=tuple(found for part in parts for found in part.found),
        broken=tuple(broken for part in parts for broken in part.broken),
        ignored=tuple(why for part in parts for why in part.ignored),
    )


def _elements(body: JsonValue) -> list[JsonValue]:
    if not isinstance(body, list) or len(body) > MAX_ELEMENTS:
        raise Malformed(what="the batch", why=f"it is not a list of up to {MAX_ELEMENTS} events")
    return body


def _element(element: JsonValue) -> Parsed:
    try:
        return _structured(element)
    except Malformed as error:
        broken = Broken(value=to_json(element), why=str(error), media_type=STRUCTURED)
        return Parsed(broken=(broken,))


def _structured(event: JsonValue) -> Parsed:
    if not isinstance(event, Mapping):
        raise Malformed(what="the event", why="it is not a JSON object")
    attributes = {name: value for name, value in event.items() if isinstance(value, str)}
    _check(attributes)
    if not _is_json(attributes.get("datacontenttype", "application/json")):
        raise Malformed(what="datacontenttype", why="it is not JSON")
    return _event(attributes["type"], _data(event), attributes["id"])


def _data(event: Mapping[str, JsonValue]) -> JsonValue:
    if "data_base64" not in event:
        return event.get("data")
    encoded = event["data_base64"]
    try:
        decoded = base64.b64decode(encoded if isinstance(encoded, str) else "!", validate=True)
    except ValueError:  # binascii.Error is one; so is text outside ASCII
        raise Malformed(what="data_base64", why="it is not base64") from None
    return read_json(decoded, what="data_base64")


def _binary(push: Push, *, keeps_id: bool) -> Parsed:
    try:
        attributes = _header_attributes(push)
        _check(attributes)
    except Malformed as error:
        raise BadEnvelope(what=error.what, why=error.why) from None
    try:
        data = read_json(push.body)
        return _event(attributes["type"], data, attributes["id"] if keeps_id else None)
    except Malformed as error:
        return Parsed(broken=(Broken(value=push.body, why=str(error)),))


def _event(event_type: str, data: JsonValue, event_id: str | None) -> Parsed:
    if event_type in INBOUND:
        read = read_inbound(INBOUND[event_type], data)
        delivery_id = None if event_id is None else storable(event_id)
        return Parsed(found=(Found(data=read, delivery_id=delivery_id),))
    if is_ignorable(event_type):
        return Parsed(ignored=("its type is none that is read here",))
    raise Malformed(what="type", why=f"it is none of {', '.join(sorted(INBOUND))}")


def _check(attributes: Mapping[str, str]) -> None:
    if attributes.get("specversion") != "1.0":
        raise Malformed(what="specversion", why="it is not 1.0")
    for name in _REQUIRED:
        if not attributes.get(name):
            raise Malformed(what=name, why="it is missing")
    if len(attributes["id"]) > MAX_ID_LENGTH:
        raise Malformed(what="id", why=f"it is longer than {MAX_ID_LENGTH} characters")


def _header_attributes(push: Push) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for header, value in push.headers:
        name = header.removeprefix("ce-")
        if name == header:
            continue
        if name in attributes:
            raise Malformed(what="a ce- header", why="it came more than once")
        attributes[name] = _decoded(value)
    if "datacontenttype" in attributes:
        raise Malformed(what="ce-datacontenttype", why="in binary mode it is the Content-Type")
    return attributes


def _decoded(value: str) -> str:
    """Take off double quotes, then one round of percent-decoding (section 3.1.3.2)."""
    if not _VISIBLE.fullmatch(value):
        raise Malformed(what="a ce- header", why="characters outside ASCII must be percent-encoded")
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise Malformed(what="a ce- header", why="it does not decode to UTF-8") from None


def _is_json(media_type: str) -> bool:
    bare = media_type.partition(";")[0].strip().lower()
    return bare == "application/json" or (
        bare.startswith("application/") and bare.endswith("+json")
    )
