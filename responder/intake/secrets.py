"""Secrets of a source: masked wherever they might be shown, compared in constant time."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from responder.engagement.errors import Misconfigured


@dataclass(eq=False, kw_only=True)
class UnusableSecret(Misconfigured):
    """A secret cannot be used: {why}"""  # noqa: D415 - the reason ends the sentence

    why: str


class Secret:
    """A text that no log line, error or `repr` shows. Only `reveal` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Raises UnusableSecret if it is empty."""
        if not text:
            raise UnusableSecret(why="it is empty")
        self._text = text

    @override
    def __repr__(self) -> str:
        return "Secret(***)"

    def reveal(self) -> str:
        return self._text

    def matches(self, given: str) -> bool:
        """Compare in constant time; any text may be given."""
        return hmac.compare_digest(_octets(self._text), _octets(given))


@dataclass(frozen=True, slots=True)
class Rotating:
    """A secret and, for a while after a rotation, the one before it."""

    current: Secret
    previous: Secret | None = None
    previous_ends_at: datetime | None = None
    """Aware. From then on the older one is refused."""

    def __post_init__(self) -> None:
        if (self.previous is None) != (self.previous_ends_at is None):
            raise UnusableSecret(why="an older secret needs a time at which it ends")

    def live(self, now: datetime) -> tuple[Secret, ...]:
        """The newest first."""
        if self.previous is None or self.previous_ends_at is None or self.previous_ends_at <= now:
            return (self.current,)
        return (self.current, self.previous)

    def matches(self, given: str, now: datetime) -> bool:
        """Whether it is one of the live ones; all are compared, whatever the first says."""
        verdicts = [secret.matches(given) for secret in self.live(now)]
        return any(verdicts)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
