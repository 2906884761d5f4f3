"""Where a process stands when it asks something of the world, and who may stop it there.

Nothing of this is in the product: it is put around it. What asks PostgreSQL goes through
`responder.testing.failpoints.wire`, everything else through `responder.testing.failpoints.ports`;
both show each call to a `Gate`, before it is made and after it took effect.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from typing_extensions import override


class Moment(Enum):
    """Where in a call."""

    BEFORE = "before"
    AFTER = "after"
    """It took effect, and the caller does not know yet."""


class AnswerLost(Exception):
    """A gate's word for: the call was made, its answer never comes, and its caller lives on."""


@dataclass(frozen=True, slots=True)
class Call:
    """One await on a port."""

    port: str
    """`ledger`, `log`, `platform` or `model`."""
    what: str
    """Which of the port's calls; of the ledger the statement, in one line."""
    has_effect: bool
    """It changes something that outlives the process. A statement inside a transaction does not."""
    sent: bytes = b""
    """What goes to the ledger, as it goes."""
    earlier: tuple[str, ...] = ()
    """The statements before it in its transaction."""

    @property
    def whole(self) -> tuple[str, ...]:
        """The same, and what is asked now."""
        return (*self.earlier, self.what)

    @override
    def __str__(self) -> str:
        return f"{self.port} {self.what[:60]}"


class Gate(Protocol):
    """Sees every call. Whoever does not return stops the caller where it stands."""

    async def before(self, call: Call) -> None:
        """It is about to be made."""

    async def after(self, call: Call) -> None:
        """It took effect; asked only where it has one. Raises AnswerLost to lose the answer."""
