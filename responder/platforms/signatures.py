"""Signature schemes as pure, total functions over raw bytes.

Rules that hold for every scheme: the body is never decoded or re-serialised; digests are compared
in constant time after decoding to their exact length; every live secret is tried against every
listed signature, whatever the first comparison says; algorithm and header names come from the
source's configuration, never from the request; no secret and no expected digest reaches a text.

Source: Standard Webhooks specification 1.0.0, "Signature scheme" and "Verifying webhook
authenticity" (retrieved November 2026).
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from responder.engagement.http import Answer
from responder.intake.ports import Push, Reason, Refused, Verified
from responder.intake.secrets import Rotating, Secret, UnusableSecret

TOLERANCE_SECONDS = 300
"""How far the sender's clock may be off, in both directions."""
MAX_SIGNATURES = 16
MAX_ID_LENGTH = 256

_KEY_BYTES = range(16, 65)
"""The specification wants 24 to 64; senders in the wild, and one of its own vectors, use fewer."""
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_ID = re.compile(rf"[!-\-/-~]{{1,{MAX_ID_LENGTH}}}")
"""Visible ASCII without the full stop, which would let bytes move between the signed fields."""

Version = Literal["v1", "v1a"]
_DIGEST_BYTES: dict[str, int] = {"v1": 32, "v1a": 64}


@dataclass(frozen=True, slots=True)
class StandardKey:
    """One key of a Standard Webhooks source, read once when the source is configured."""

    version: Version
    material: bytes = field(repr=False)
    ends_at: datetime | None = None

    @classmethod
    def read(cls, secret: Secret, ends_at: datetime | None = None) -> "StandardKey":
        """Read `whsec_…` (HMAC-SHA256) or `whpk_…` (Ed25519 public key).

        Raises:
            UnusableSecret: another prefix, not base64, or of a length that is none of theirs.
        """
        text = secret.reveal()
        if text.startswith("whsec_"):
            return cls("v1", _symmetric(text), ends_at)
        if text.startswith("whpk_"):
            return cls("v1a", _public(text), ends_at)
        raise UnusableSecret(why="it starts with neither whsec_ nor whpk_")

    def signed(self, content: bytes, digest: bytes) -> bool:
        """Whether `digest` is this key's signature over `content`."""
        if self.version == "v1":
            return hmac.compare_digest(_hmac_sha256(self.material, content), digest)
        try:
            Ed25519PublicKey.from_public_bytes(self.material).verify(digest, content)
        except InvalidSignature:
            return False
        return True


def standard_keys(secrets: Rotating) -> tuple[StandardKey, ...]:
    """The keys of a source, the newest first; an ended one stays, to name the cause of a refusal.

    Raises:
        UnusableSecret: one of them is no key of this scheme.
    """
    keys = (StandardKey.read(secrets.current),)
    if secrets.previous is None:
        return keys
    return (*keys, StandardKey.read(secrets.previous, secrets.previous_ends_at))


def sign_standard(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Sign a webhook: the value of one entry of `webhook-signature`.

    Args:
        secret: `whsec_` and 16 to 64 bytes in base64.
        message_id: stable over attempts; no full stop.
        timestamp: whole seconds since 1970, fresh for each attempt.
        body: exactly the bytes that are sent.

    Raises:
        UnusableSecret: the secret is none of this scheme.
    """
    content = b".".join([message_id.encode(), str(timestamp).encode(), body])
    return "v1," + base64.b64encode(_hmac_sha256(_symmetric(secret), content)).decode()


def signed_headers(
    secrets: Sequence[str], message_id: str, now: datetime, body: bytes
) -> Mapping[str, str]:
    """The headers of a JSON webhook of ours, signed with every live secret. Raises UnusableSecret."""
    timestamp = int(now.timestamp())
    signatures = (sign_standard(secret, message_id, timestamp, body) for secret in secrets)
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def asks_to_stop(answer: Answer) -> bool:
    """Whether a receiver wants no further try of this message.

    Source: Svix, `webhook-delivery: abort-message`; Standard Webhooks 1.0.0 on 410.
    """
    asked = answer.headers.get("webhook-delivery") == "abort-message"
    return asked or answer.status == HTTPStatus.GONE


def verify_standard(
    push: Push, keys: Sequence[StandardKey], *, now: datetime
) -> Verified | Refused:
    """Check `webhook-id`, `webhook-timestamp` and `webhook-signature` of a push."""
    read = _standard_headers(push)
    if isinstance(read, Refused):
        return read
    content = b".".join([read.message_id.encode(), read.timestamp.encode(), push.body])
    matches = [
        number
        for number, key in enumerate(keys)
        for version, digest in read.signatures
        if version == key.version and key.signed(content, digest)
    ]
    if not matches:
        return Refused(reason=Reason.WRONG_SIGNATURE, detail="no signature is made with our secret")
    return _judge_time(read, keys, min(matches), now)


@dataclass(frozen=True, slots=True)
class _StandardHeaders:
    message_id: str
    timestamp: str
    """As sent: these characters are signed, not the number."""
    signatures: tuple[tuple[str, bytes], ...]


def _standard_headers(push: Push) -> _StandardHeaders | Refused:
    values: dict[str, str] = {}
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        given = push.every(name)
        if not given:
            return Refused(reason=Reason.MISSING_HEADER, detail=f"{name} is missing")
        if len(given) > 1:
            return _malformed(name, "came more than once")
        values[name] = given[0]
    message_id, timestamp, listed = values.values()
    if not _ID.fullmatch(message_id):
        return _malformed("webhook-id", "is not 1 to 256 visible ASCII characters without '.'")
    if not _TIMESTAMP.fullmatch(timestamp):
        return _malformed("webhook-timestamp", "is not a number of whole seconds")
    signatures = _signatures(listed)
    if signatures is None:
        return _malformed("webhook-signature", "is not a list of `version,base64`")
    return _StandardHeaders(message_id, timestamp, signatures)


def _signatures(listed: str) -> tuple[tuple[str, bytes], ...] | None:
    """Entries of known versions; None if one of them is malformed. Others are left out.

    Versions that we do not know are no error: the scheme lets a sender list newer ones beside.
    """
    entries = listed.split(" ")
    if len(entries) > MAX_SIGNATURES:
        return None
    read: list[tuple[str, bytes]] = []
    for entry in entries:
        version, comma, encoded = entry.partition(",")
        if not comma:
            return None
        if version in _DIGEST_BYTES:
            digest = _from_base64(encoded)
            if digest is None or len(digest) != _DIGEST_BYTES[version]:
                return None
            read.append((version, digest))
    return tuple(read)


def _judge_time(
    read: _StandardHeaders, keys: Sequence[StandardKey], number: int, now: datetime
) -> Verified | Refused:
    """Judged after the signature, so that a named cause is the true one."""
    ends_at = keys[number].ends_at
    if ends_at is not None and ends_at <= now:
        ended = ends_at.astimezone(UTC).isoformat(timespec="minutes")
        return Refused(
            reason=Reason.SECRET_ENDED, detail=f"signed with a secret that ended {ended}"
        )
    off = int(read.timestamp) - int(now.timestamp())
    if abs(off) > TOLERANCE_SECONDS:
        side = "ahead" if off > 0 else "behind"
        return Refused(reason=Reason.CLOCK_OFF, detail=f"clock {abs(off)} s off ({side})")
    sent_at = datetime.fromtimestamp(int(read.timestamp), UTC)
    return Verified(delivery_id=read.message_id, sent_at=sent_at, key_no=number)


def _malformed(header: str, why: str) -> Refused:
    return Refused(reason=Reason.MALFORMED_HEADER, detail=f"{header} {why}")


def _symmetric(text: str) -> bytes:
    key = _from_base64(text.removeprefix("whsec_"))
    if not text.startswith("whsec_") or key is None or len(key) not in _KEY_BYTES:
        raise UnusableSecret(why="whsec_ must be followed by 16 to 64 bytes in base64")
    return key


def _public(text: str) -> bytes:
    key = _from_base64(text.removeprefix("whpk_"))
    if key is None or len(key) != _DIGEST_BYTES["v1"]:
        raise UnusableSecret(why="whpk_ must be followed by the 32 bytes of a public key in base64")
    return key


def _from_base64(text: str) -> bytes | None:
    """Standard alphabet; padding may be left out. None if it is anything else."""
    if not text.isascii():
        return None
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return None


def _hmac_sha256(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, hashlib.sha256)
