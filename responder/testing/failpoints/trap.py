"""Holds a running process at one point, so that it can be killed exactly there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from responder.testing.failpoints.gate import Call, Moment

Catches: TypeAlias = Callable[[Call], bool]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a process is to be held."""

    moment: Moment
    catches: Catches


class Trap:
    """A `Gate` that lets everything pass until it is set; then it holds the first call that it catches.

    What was held goes on for nobody: the process is killed, and its wire cut.
    """

    def __init__(self) -> None:
        self._spot: Spot | None = None
        self._sprung = asyncio.Event()
        self.seen: dict[tuple[Moment, tuple[str, ...]], Call] = {}
        """One call of each kind that has passed: by what it asks, and what its transaction did before."""

    def set(self, spot: Spot) -> None:
        """Hold whoever comes there next."""
        self._spot = spot
        self._sprung.clear()

    async def sprung(self, within: float) -> None:
        """Wait until somebody is held. Raises TimeoutError."""
        async with asyncio.timeout(within):
            await self._sprung.wait()

    async def before(self, call: Call) -> None:
        """See `Gate`."""
        await self._pass(call, Moment.BEFORE)

    async def after(self, call: Call) -> None:
        """See `Gate`."""
        await self._pass(call, Moment.AFTER)

    async def _pass(self, call: Call, moment: Moment) -> None:
        self.seen.setdefault((moment, call.whole), call)
        spot = self._spot
        if spot is not None and spot.moment is moment and spot.catches(call):
            self._spot = None
            self._sprung.set()
            await asyncio.Event().wait()


def commit_of(statement: str) -> Catches:
    """The commit of a transaction in which there was a statement that begins so."""
    return lambda call: (
        call.what.startswith("COMMIT") and any(each.startswith(statement) for each in call.earlier)
    )


def exactly(whole: tuple[str, ...]) -> Catches:
    """A statement after the same others in its transaction."""
    return lambda call: call.whole == whole


def asking(statement: str, *about: str) -> Catches:
    """A statement that begins so, with each of these words among its values."""
    return lambda call: (
        call.what.startswith(statement) and all(each.encode() in call.sent for each in about)
    )
