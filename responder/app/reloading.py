"""Reads the configuration again when it is asked for, and says what came of it."""

from collections.abc import Callable

from responder.app.parts import Parts
from responder.app.terminal_words import reloaded


async def reload(parts: Parts, say: Callable[[str], None]) -> None:
    """A refused one is logged, with its reason."""
    change = await parts.reload()
    if change is not None:
        say(reloaded(change))
