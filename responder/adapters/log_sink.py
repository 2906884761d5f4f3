"""What intake publishes, appended to the log: durable, or refused within its time.

A log that is away must cost a push next to nothing: after one failure only one push at a time tries
again, at most once in `pause_seconds`, and all others are refused at once. What waits for an answer
is bounded, so that pushes cannot pile up behind a log that hangs.
"""

import asyncio
from collections.abc import Sequence

from responder.engagement.deadletter import PUSH, Buried, letter_id
from responder.engagement.errors import Unavailable
from responder.engagement.events import DEAD_LETTER_TOPIC, EngagementReceived, Event
from responder.engagement.ports import Clock
from responder.intake.ports import DeadLetter
from responder.stream.log import LogError, LogWriter, NewRecord, Rejected


class LogSink:
    """Intake's and the reconciler's way to the log."""

    def __init__(
        self,
        writer: LogWriter,
        *,
        clock: Clock,
        limit_seconds: float = 1.2,
        pause_seconds: float = 1.0,
        waiting_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        """Wrap a writer.

        Args:
            writer: where to append; stopped by whoever made it.
            clock: tells when to try again.
            limit_seconds: how long one append may take.
            pause_seconds: after a failure nobody tries for so long.
            waiting_bytes: appends without an answer may hold this much together.
        """
        self._writer = writer
        self._clock = clock
        self._limit_seconds = limit_seconds
        self._pause_seconds = pause_seconds
        self._waiting_bytes = waiting_bytes
        self._waiting = 0
        self._closed_until: float | None = None
        self._is_probing = False

    async def publish(self, events: Sequence[Event], letters: Sequence[DeadLetter] = ()) -> None:
        """Append all and wait for the log.

        Raises:
            Unavailable: it does not have all of them; some may be there.
        """
        records = [*map(_record, events), *map(_buried, letters)]
        size = sum(len(record.value) for record in records)
        if self._waiting + size > self._waiting_bytes:
            raise Unavailable(what="the log", why="too much is waiting for it already")
        if self._closed_until is None:
            await self._append(records, size)
        else:
            await self._probe(records, size)

    async def _probe(self, records: list[NewRecord], size: int) -> None:
        """Let one push find out whether the log is back."""
        closed = self._closed_until or 0.0
        if self._is_probing or self._clock.monotonic() < closed:
            raise Unavailable(what="the log", why="it did not answer a moment ago")
        self._is_probing = True
        try:
            await self._append(records, size)
        finally:
            self._is_probing = False

    async def _append(self, records: list[NewRecord], size: int) -> None:
        self._waiting += size
        try:
            async with asyncio.timeout(self._limit_seconds):
                await self._writer.append(records)
        except Rejected as error:
            # The log is there; it is this record that it will never take.
            self._closed_until = None
            raise Unavailable(what="the log", why=str(error)) from error
        except TimeoutError:
            raise self._away("it did not answer in time") from None
        except LogError as error:
            raise self._away(str(error)) from error
        else:
            self._closed_until = None
        finally:
            self._waiting -= size

    def _away(self, why: str) -> Unavailable:
        self._closed_until = self._clock.monotonic() + self._pause_seconds
        return Unavailable(what="the log", why=why)


def _record(event: Event) -> NewRecord:
    return NewRecord(event.topic, event.key, event.value(), event.headers())


def _buried(letter: DeadLetter) -> NewRecord:
    buried = Buried(
        id=letter_id(PUSH, letter.source, letter.id),
        topic=EngagementReceived.topic,
        partition=None,
        offset=None,
        key=None,
        value=letter.value,
        headers=tuple((name, value.encode()) for name, value in letter.headers),
        stage=PUSH,
        why=letter.why,
        attempts=1,
        first_failed_at=letter.received_at,
        last_failed_at=letter.received_at,
        source=letter.source,
        receipt=letter.id,
    )
    return NewRecord(DEAD_LETTER_TOPIC, letter.id.encode(), letter.value, buried.marked())
