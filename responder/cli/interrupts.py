"""Ctrl-C while the program is still being loaded: it ends at once, and says nothing.

A `KeyboardInterrupt` would come up in the middle of somebody's import: as a traceback, as another
error that it was turned into, or not at all. Until there is something to close, nothing need be.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from responder.cli.exits import Exit


@contextmanager
def ending_at_once() -> Iterator[None]:
    """While nothing is open yet; afterwards Ctrl-C is Python's again."""
    before = signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(Exit.INTERRUPTED)
