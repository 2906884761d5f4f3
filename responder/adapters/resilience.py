"""Who stops asking a service that does not answer: a circuit breaker round a draft writer.

It opens after five failures in a row, or when half of the last twenty failed; for thirty seconds
nothing is asked. Then one request may try: if it succeeds the circuit closes, else it stays open as
long again. What is refused for the draft's sake is an answer, not a failure.
"""

from collections import deque
from collections.abc import Callable

from responder.drafting.ports import DraftRefused, DraftRequest, DraftWriter, Proposal
from responder.engagement.errors import Retryable, Unavailable
from responder.engagement.ports import Clock

_IN_A_ROW = 5
_WINDOW = 20
_OPEN_SECONDS = 30.0


class Breaker:
    """Counts, and says whether a request may go out. One per endpoint and model."""

    def __init__(self, clock: Clock, *, open_seconds: float = _OPEN_SECONDS) -> None:
        self._clock = clock
        self._open_seconds = open_seconds
        self._failures = 0
        self._recent: deque[bool] = deque(maxlen=_WINDOW)
        self._opened_at: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        return self._opened_at is not None

    def admit(self) -> bool:
        """May this request go out? While open, one does per period, and its end must be told."""
        if self._opened_at is None:
            return True
        waited = self._clock.monotonic() - self._opened_at
        if self._probing or waited < self._open_seconds:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        self._probing = False
        self._failures = 0
        if self._opened_at is not None:
            self._opened_at = None
            self._recent.clear()
        self._recent.append(True)

    def failed(self) -> None:
        self._failures += 1
        self._recent.append(False)
        half_failed = len(self._recent) == _WINDOW and 2 * self._recent.count(False) >= _WINDOW
        if self._probing or self._failures >= _IN_A_ROW or half_failed:
            self._opened_at = self._clock.monotonic()
        self._probing = False

    def abandoned(self) -> None:
        """Nobody learned anything: the request was cancelled."""
        self._probing = False


class BreakingDraftWriter:
    """Asks `writer` while its circuit is closed; else says at once that it is away."""

    def __init__(
        self,
        writer: DraftWriter,
        *,
        breaker: Breaker,
        on_change: Callable[[bool], None] | None = None,
    ) -> None:
        self._writer = writer
        self._breaker = breaker
        self._on_change = on_change

    async def write(self, request: DraftRequest) -> Proposal:
        """Propose one reply; see `DraftWriter.write`.

        Raises:
            Unavailable: also when the circuit is open; nothing was sent.
        """
        if not self._breaker.admit():
            why = "it failed too often just now"
            raise Unavailable(what="the model", why=why, counts_as_attempt=False)
        was_open = self._breaker.is_open
        try:
            return await self._asked(request)
        finally:
            if self._on_change is not None and self._breaker.is_open != was_open:
                self._on_change(self._breaker.is_open)

    async def _asked(self, request: DraftRequest) -> Proposal:
        settled = self._breaker.abandoned
        try:
            proposal = await self._writer.write(request)
            settled = self._breaker.succeeded
        except Retryable:
            settled = self._breaker.failed
            raise
        except DraftRefused as refusal:
            settled = self._learned_from(refusal)
            raise
        else:
            return proposal
        finally:
            settled()

    def _learned_from(self, refusal: DraftRefused) -> Callable[[], None]:
        """A refusal before the call says nothing about the service; an unreadable answer does."""
        if refusal.provenance is None or refusal.provenance.endpoint is None:
            return self._breaker.abandoned
        is_failure = refusal.reason == "invalid_output"
        return self._breaker.failed if is_failure else self._breaker.succeeded
