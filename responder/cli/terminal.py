"""Where the command line writes: figures and texts to standard output, errors to the other one.

What comes from outside is shown without control characters, so that no comment can steer the
terminal. Colours stay away from pipes, with `--no-color` and with `NO_COLOR` (no-color.org).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.rule import Rule
from rich.text import Text
from typing_extensions import override

from responder.cli import table

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Terminal:
    """Standard output and standard error, with or without colour."""

    def __init__(self, *, no_color: bool = False) -> None:
        self.out = _console(no_color=no_color)
        self.error = _console(no_color=no_color, stderr=True)

    @property
    def is_seen(self) -> bool:
        """Whether a person reads it: secrets are shown to people only, never to a journal.

        Not what rich takes for a terminal: with FORCE_COLOR a journal is one, too.
        """
        return self.out.file.isatty()

    def say(self, text: str) -> None:
        self.out.print(visible(text))

    def complain(self, text: str, *, style: str = "") -> None:
        self.error.print(Text(visible(text), style=style))

    def remark(self, text: str) -> None:
        """For people only: a program that reads the output gets rows and nothing else."""
        (self.out if self.is_seen else self.error).print(visible(text))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Columns for people; where a program reads, a row a line with tabs between its values."""
        if not self.is_seen:
            for line in table.fields(rows):
                print(visible(line), file=self.out.file, flush=True)  # rich would expand the tabs
            return
        shown = [[visible(each) for each in row] for row in rows]
        for line in table.lines(columns, shown, width=self.out.width):
            self.out.print(line)

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
