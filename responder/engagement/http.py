"""One HTTP request to a place outside, as a platform asks for it.

What matters to whoever posts for a person is not whether a call failed but *what may have happened*:
`NotSent` proves that nothing did, `Lost` proves nothing. Nothing is followed, repeated or raised.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

MAX_ANSWER_BYTES = 1_048_576
TOTAL_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send. Headers may hold credentials: they are not shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    send_before: float | None = None
    """On our monotonic clock: past it no byte may leave. Checked after connecting."""
    total_seconds: float = TOTAL_SECONDS
    max_bytes: int = MAX_ANSWER_BYTES
    """Of the answer's body, counted after decompression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole answer arrived. A redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; of a repeated header the first."""
    body: bytes = field(repr=False)

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """No byte of the request left: the address was refused, or DNS, connecting, TLS failed."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Bytes may have left, and no whole answer came back."""

    why: str
    status: int | None = None
    """Where the head of the answer arrived and its body did not."""


Result = Answer | NotSent | Lost


class Http(Protocol):
    """Speaks HTTP with one source's places.

    The caller may assume: one call is at most one request on the wire.
    The implementer must not: follow a redirect, repeat, keep a cookie, or raise (except when cancelled).
    """

    async def send(self, request: Request) -> Result: ...
