"""Why the embedded server cannot start, each with what to do about it."""

from dataclasses import dataclass
from pathlib import Path

from responder.engagement.errors import Conflict, Misconfigured


@dataclass(eq=False, kw_only=True)
class NotInstalled(Misconfigured):
    """The embedded PostgreSQL is not installed; run: pip install 'responder[embedded]'."""


@dataclass(eq=False, kw_only=True)
class FolderInUse(Conflict):
    """{folder} is in use by process {pid}; stop that one first, or choose another data folder."""

    folder: Path
    pid: int | None
    """None when the holder cannot be named (it is only just starting)."""


@dataclass(eq=False, kw_only=True)
class ClosedParent(Misconfigured):
    """{closed} is closed to {account}, who runs the database; choose a data folder elsewhere, such as one below /var/lib, or run: chmod o+x {closed}."""

    closed: Path
    account: str


@dataclass(eq=False, kw_only=True)
class FolderUnusable(Misconfigured):
    """{folder} cannot be the data folder: {why}"""  # noqa: D415 - the reason ends the sentence

    folder: Path
    why: str


@dataclass(eq=False, kw_only=True)
class OtherVersion(Misconfigured):
    """{folder} holds a database of PostgreSQL {found}, and this is PostgreSQL {expected}; start it with the Responder that made it."""

    folder: Path
    found: str
    expected: str


@dataclass(eq=False, kw_only=True)
class ServerFailed(Misconfigured):
    """The embedded PostgreSQL did not {what}: {why}"""  # noqa: D415 - the reason ends the sentence

    what: str
    why: str
