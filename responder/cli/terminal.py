"""Where the command line writes: figures and texts to standard output, errors to the other one.

What comes from outside is shown without control characters, so that no comment can steer the
terminal. Colours stay away from pipes, with `--no-color` and with `NO_COLOR` (no-color.org).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from rich import box
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from typing_extensions import override

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Terminal:
    """Standard output and standard error, with or without colour."""

    def __init__(self, *, no_color: bool = False) -> None:
        self.out = _console(no_color=no_color)
        self.error = _console(no_color=no_color, stderr=True)

    @property
    def is_seen(self) -> bool:
        """Whether a person reads it: secrets are shown to people only, never to a journal."""
        return self.out.is_terminal

    def say(self, text: str) -> None:
        self.out.print(visible(text))

    def complain(self, text: str, *, style: str = "") -> None:
        self.error.print(Text(visible(text), style=style))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        shown = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for row in rows:
            shown.add_row(*(Text(visible(each)) for each in row))
        self.out.print(shown)

    def rule(self, title: str = "") -> None:
        self.out.print(Rule(title, align="left", style="dim"))


_TERMINAL: ContextVar[Terminal] = ContextVar("terminal")


@contextmanager
def using(terminal: Terminal) -> Iterator[None]:
    """Let the commands inside write there."""
    token = _TERMINAL.set(terminal)
    try:
        yield
    finally:
        _TERMINAL.reset(token)


def terminal() -> Terminal:
    return _TERMINAL.get()


class _Console(Console):
    @override
    def on_broken_pipe(self) -> None:
        """Let the program end as it sees fit; rich itself would exit with 1."""
        self.quiet = True
        raise BrokenPipeError


def _console(*, no_color: bool, stderr: bool = False) -> Console:
    return _Console(
        stderr=stderr,
        no_color=no_color or None,  # None: as NO_COLOR says
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


def visible(text: str) -> str:
    """Control characters as escapes; line ends stay."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
