"""Whose account the server runs under, when we are root.

PostgreSQL refuses to run as root, so root needs another account, and we take one that exists:
creating one would change the machine for good, for a program that was only tried out. Whoever
wants to set it apart creates a system account named `responder`, and it is preferred. An account
without a name will not do, since `initdb` looks its own up.
"""

import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from responder.adapters.postgres.embedded.errors import ClosedParent, ServerFailed

PREFERRED = ("responder", "postgres", "nobody")

# Asked of the kernel as that account, because mode bits alone do not know of access lists.
FIRST_CLOSED = 'for folder; do [ -x "$folder" ] || { printf %s "$folder"; exit 0; }; done'


class PopenAccount(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that change the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account; only root can start a process under another one than its own."""

    name: str
    uid: int
    gid: int

    def first_closed(self, folders: Iterable[Path]) -> Path | None:
        """The first folder that this account may not enter.

        Raises:
            ServerFailed: nothing can be run under the account at all.
        """
        command = ["/bin/sh", "-c", FIRST_CLOSED, "sh", *map(str, folders)]
        try:
            found = subprocess.run(  # noqa: S603 - the command is ours
                command, **self.popen(), env={}, stdout=subprocess.PIPE, check=True
            ).stdout
        except PermissionError as e:  # a container without the right to change accounts
            why = f"root may not run a process as {self.name} here; run it as another user."
            raise ServerFailed(what="start", why=why) from e
        return Path(os.fsdecode(found)) if found else None

    def require_entry(self, folder: Path) -> None:
        """Check that the account can reach what is in `folder`, which exists.

        Raises:
            ClosedParent: it, or one above it, is closed; nothing was changed.
        """
        closed = self.first_closed([*reversed(folder.parents), folder])
        if closed is not None:
            raise ClosedParent(closed=closed, account=self.name)

    def popen(self) -> PopenAccount:
        """What `subprocess` must be told to run something under this account and no other group."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def unprivileged(owner: os.stat_result | None) -> Account | None:
    """The account for the server, or None when we are not root and it is simply our own.

    Args:
        owner: of the database that is already there; it stays theirs, unless that is root.

    Raises:
        ServerFailed: there is no account to run it under.
    """
    if os.geteuid() != 0:
        return None
    if owner is not None and owner.st_uid != 0:
        return Account(name=_name_of(owner.st_uid), uid=owner.st_uid, gid=owner.st_gid)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for entry in (known[name] for name in PREFERRED if name in known):
        return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise ServerFailed(what="start", why=f"there is no account named {' or '.join(PREFERRED)}")


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"account {uid}"
