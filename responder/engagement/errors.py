"""Everything that can go wrong and that Responder can name, split by who must act.

The message is the docstring's first line, filled with the error's own data; so an error is a
dataclass and its words are in one place. `runbook` names the anchor in `docs/reference/errors.md`.

| branch | meaning | who acts |
|---|---|---|
| `Invalid` | the input is wrong; again changes nothing | the sender |
| `Conflict` | the world moved since you looked | the person |
| `Retryable` | nothing happened; try later | we do |
| `Unsettled` | something may have happened outside | delivery reads back, then a person |
| `Refused` | a final no | the person |
| `Misconfigured` | an operator must change something | the operator |
"""

from dataclasses import dataclass

from typing_extensions import override


@dataclass(eq=False, kw_only=True)
class ResponderError(Exception):
    """Something went wrong that Responder can name."""

    @override
    def __str__(self) -> str:
        return (type(self).__doc__ or "").partition("\n")[0].format_map(vars(self))

    @property
    def code(self) -> str:
        """A stable name for programs: `StaleApproval` is `stale-approval`."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


class Invalid(ResponderError):
    """The input is wrong."""


class Conflict(ResponderError):
    """The world moved since you looked."""


class Retryable(ResponderError):
    """Nothing happened; it can be tried again later."""


class Unsettled(ResponderError):
    """Something may have happened outside."""


class Refused(ResponderError):
    """That is a final no."""


class Misconfigured(ResponderError):
    """An operator must change something."""


@dataclass(eq=False, kw_only=True)
class Malformed(Invalid):
    """{what} cannot be read: {why}"""  # noqa: D415 - the reason ends the sentence

    what: str
    why: str


@dataclass(eq=False, kw_only=True)
class TooLarge(Invalid):
    """{what} is larger than {limit_bytes} bytes."""

    what: str
    limit_bytes: int


@dataclass(eq=False, kw_only=True)
class NotFound(Invalid):
    """There is no {what} {name}."""

    what: str
    name: str


@dataclass(eq=False, kw_only=True)
class Unavailable(Retryable):
    """{what} is not available: {why}"""  # noqa: D415 - the reason ends the sentence

    what: str
    why: str
    counts_as_attempt: bool = True
    """False: whoever waits for this is not at fault, and comes no nearer to the dead letter."""


@dataclass(eq=False, kw_only=True)
class RateLimited(Retryable):
    """{what} asks us to wait {after_seconds:.0f} s."""

    what: str
    after_seconds: float
