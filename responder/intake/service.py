"""A push comes in: verified on its raw bytes, read, put on the log, and only then acknowledged.

What a crash leaves behind: before the log has it, nothing, and the sender, who got no 2xx, pushes
again; after, events whose derived ids absorb the repeat. There is no state of its own in between.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from responder.engagement.bounds import fitted
from responder.engagement.errors import Malformed, NotFound
from responder.engagement.events import EngagementReceived, Event, Inbound, derive_id
from responder.engagement.model import SourceId, Via
from responder.engagement.ports import Clock
from responder.intake.ports import (
    Broken,
    DeadLetter,
    EventSink,
    Found,
    NotAuthentic,
    Push,
    PushPlatform,
    Refused,
    Verified,
)
from responder.intake.rate import USUAL, Bucket, Rate
from responder.intake.secrets import Rotating, Secret

_KEPT_HEADERS_BYTES = 8_192
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_NO_TOKEN = Rotating(Secret("compared with when there is no such source"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSource:
    """One connected place that may push."""

    id: SourceId
    token: Rotating
    """The unguessable part of its address; also reads its receipts."""
    platform: PushPlatform


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What the log has of a push, or would have."""

    source: SourceId
    verified: Verified
    events: tuple[Event, ...]
    letters: tuple[DeadLetter, ...]
    ignored: tuple[str, ...]
    is_check: bool
    """Nothing was stored: the sender only wanted to know."""


class Intake:
    """Takes pushes of the connected sources."""

    def __init__(
        self,
        *,
        sources: Mapping[SourceId, PushSource],
        sink: EventSink,
        clock: Clock,
        rate: Rate = USUAL,
    ) -> None:
        """Take pushes in.

        Args:
            sources: read at every push: what it maps may change while we run.
            sink: where events go.
            clock: for signatures and rations.
            rate: how much one source may push.
        """
        self._sources = sources
        self._sink = sink
        self._clock = clock
        self._rate = rate
        self._buckets: dict[SourceId, Bucket] = {}

    def find(self, name: str, token: str) -> PushSource | None:
        """The source of that name if the token is its own.

        An unknown name takes as long as a wrong token, so that neither can be told from the other.
        """
        source = self._sources.get(SourceId(name))
        expected = _NO_TOKEN if source is None else source.token
        return source if expected.matches(token, self._clock.now()) else None

    def wait_for(self, source: PushSource) -> int:
        """0 if the source may push now, else after how many seconds."""
        now = self._clock.monotonic()
        if source.id not in self._buckets:
            self._buckets[source.id] = Bucket(self._rate, now)
        return self._buckets[source.id].take(now)

    async def take(self, source: PushSource, push: Push, *, is_check: bool = False) -> Taken:
        """Verify, read and publish one push.

        Raises:
            NotAuthentic: it proves nothing; nothing was kept.
            BadEnvelope: its headers are malformed; nothing was kept.
            Unavailable: the log does not have all of it; the sender should repeat it.
        """
        now = self._clock.now()
        verified = source.platform.verify(push, now=now)
        if isinstance(verified, Refused):
            raise NotAuthentic(refused=verified)
        parsed = source.platform.parse(push)
        reader = _Reader.of(source.id, push, verified.delivery_id, now)
        taken = Taken(
            source=source.id,
            verified=verified,
            events=tuple(reader.event(found) for found in parsed.found),
            letters=tuple(reader.letter(broken) for broken in parsed.broken),
            ignored=parsed.ignored,
            is_check=is_check,
        )
        if not is_check and (taken.events or taken.letters):
            await self._sink.publish(taken.events, taken.letters)
        return taken


def read_again(
    sources: Mapping[SourceId, PushSource],
    name: str,
    headers: Sequence[tuple[str, str]],
    value: bytes,
    *,
    now: datetime,
) -> tuple[Event, ...]:
    """What a dead letter of the gateway holds, now that it may be readable. May be nothing.

    `headers` are the ones that were kept with it.

    Raises:
        NotFound: the source is no longer connected.
        Malformed: it still cannot be read.
    """
    source = sources.get(SourceId(name))
    if source is None:
        raise NotFound(what="source", name=name[:64])
    push = Push(headers=tuple(headers), body=value)
    parsed = source.platform.parse(push)
    if parsed.broken:
        raise Malformed(what="the dead letter", why=parsed.broken[0].why)
    reader = _Reader.of(source.id, push, push.one("webhook-id"), now)
    return tuple(reader.event(found) for found in parsed.found)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns what a platform found in one push into what goes on the log."""

    source: SourceId
    push: Push
    body_sha256: str
    delivery_id: str | None
    now: datetime

    @classmethod
    def of(cls, source: SourceId, push: Push, delivery_id: str | None, now: datetime) -> Self:
        return cls(source, push, hashlib.sha256(push.body).hexdigest(), delivery_id, now)

    def event(self, found: Found) -> Event:
        data = self._stamped(found)
        traceparent = self.push.one("traceparent")
        return Event(
            id=data.event_id(self.source),
            source=self.source,
            subject=data.thread_id,
            time=data.happened_at or self.now,
            data=data,
            traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent or "") else None,
        )

    def letter(self, broken: Broken) -> DeadLetter:
        digest = hashlib.sha256(broken.value).hexdigest()
        return DeadLetter(
            id=derive_id(self.source, "unreadable", digest),
            source=self.source,
            value=broken.value,
            headers=_kept(self.push, broken.media_type),
            why=broken.why[:300],
            received_at=self.now,
        )

    def _stamped(self, found: Found) -> Inbound:
        """With our own values in place of whatever the sender claimed for them."""
        if not isinstance(found.data, EngagementReceived):
            return found.data
        return fitted(
            found.data,
            observed_at=self.now,
            via=Via.WEBHOOK,
            delivery_id=found.delivery_id or self.delivery_id,
            # An event with an id of its own may be repeated in another push.
            body_sha256=None if found.delivery_id else self.body_sha256,
        )


def _kept(push: Push, media_type: str | None) -> tuple[tuple[str, str], ...]:
    kept: list[tuple[str, str]] = [("content-type", media_type or push.media_type)]
    room = _KEPT_HEADERS_BYTES
    for name, value in push.headers:
        room -= len(name) + len(value)
        if room > 0 and (name == "webhook-id" or name.startswith("ce-")) and value.isascii():
            kept.append((name, value))
    return tuple(kept)
