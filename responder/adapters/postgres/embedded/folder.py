"""The data folder: what is where, who may enter, and that only one of us is in it.

    <data folder>/         0700, made by us or as we found it
        lock               held for life by the run that owns the folder; says its process id
        postgres/          0700, appears whole by one rename
            cluster/       PostgreSQL's own
            password       0600; needed only where no Unix socket fits
            server.log
            .s.PGSQL.5432  the Unix socket
        programs-<version> only where the server's account cannot read the installed ones

A kill at any moment leaves either something whole under its name or a leftover whose name ends in
`.new-<token>`, which the next run removes. Leftovers have names of their own, each time another,
because whatever made them may still be writing.
"""

import fcntl
import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from responder.adapters.postgres.embedded.account import Account, unprivileged
from responder.adapters.postgres.embedded.errors import FolderInUse, FolderUnusable
from responder.engagement.ports import Clock

# sun_path holds 108 bytes with the final zero (unix(7)).
MAX_SOCKET_PATH = 107
SOCKET_PORT = 5432
MAX_LOG_BYTES = 1_000_000
REMOVE_ATTEMPTS = 100
REMOVE_AGAIN_SECONDS = 0.02


class DataFolder:
    """The folder while it is ours: from `claim` until `release`, or our death."""

    def __init__(
        self, path: Path, account: Account | None, lock: int, *, durable: bool = True
    ) -> None:
        self.path = path
        self.account = account
        self.is_durable = durable
        self._lock = lock

    @property
    def home(self) -> Path:
        return self.path / "postgres"

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def password(self) -> Path:
        return self.home / "password"

    @property
    def socket_fits(self) -> bool:
        return len(os.fsencode(self.home / f".s.PGSQL.{SOCKET_PORT}")) <= MAX_SOCKET_PATH

    @property
    def owner_uid(self) -> int:
        """Who runs the server."""
        return self.account.uid if self.account else os.geteuid()

    @classmethod
    def claim(cls, path: Path, token: str, *, durable: bool = True) -> "DataFolder":
        """Make it where it is missing, and hold it.

        Args:
            path: absolute.
            token: unique; names what is not finished yet.
            durable: whether what is made must outlast a power cut.

        Raises:
            FolderInUse: another run of ours holds it.
            ClosedParent: we are root, and the server's account cannot get there.
            FolderUnusable: it is no folder, or not for us to write in.
        """
        try:
            account = unprivileged(_owner_of(path / "postgres"))
            if _make(path, account, token) and durable:
                _sync(path.parent)
            return cls(path, account, _locked(path), durable=durable)
        except OSError as e:
            raise FolderUnusable(folder=path, why=e.strerror or str(e)) from e

    def release(self) -> None:
        # A broken disk keeps our number, which says nothing without the lock.
        with suppress(OSError):
            os.ftruncate(self._lock, 0)
        os.close(self._lock)

    @contextmanager
    def replacing_home(self, token: str, password: str) -> Iterator[Path]:
        """A new folder of the server's account, which becomes `home` if all goes well."""
        partial = self.path / f"postgres.new-{token}"
        partial.mkdir(mode=0o700)
        descriptor = os.open(partial / "password", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        self._give(partial / "password")
        self._give(partial)  # last: what is in it is not ours to trust from here on
        try:
            yield partial
            partial.rename(self.home)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        if self.is_durable:
            _sync(self.path)

    def _give(self, path: Path) -> None:
        """To the server's account; only what we have just made."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def open_log(self, home: Path | None = None) -> IO[bytes]:
        """For the server to append to, begun anew when the last runs have filled it.

        The folder is the server's account's, and we may be root: it must not lead us elsewhere.
        """
        log = (home or self.home) / "server.log"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        file = os.fdopen(os.open(log, flags, 0o600), "ab")
        if file.tell() > MAX_LOG_BYTES:
            file.truncate(0)
        return file

    async def remove_leftovers(self, clock: Clock) -> None:
        """What killed runs did not finish.

        An `initdb` of theirs may live on and still be writing. It fails once its folder is gone,
        which may take more than one attempt; what resists for long is left to the next run.
        """
        for leftover in self.path.parent.glob(f".{glob.escape(self.path.name)}.new-*"):
            _remove_if_empty(leftover)
        for _ in range(REMOVE_ATTEMPTS):
            leftovers = list(self.path.glob("postgres.new-*"))
            if not leftovers:
                return
            for leftover in leftovers:
                shutil.rmtree(leftover, ignore_errors=True)
            await clock.sleep(REMOVE_AGAIN_SECONDS)


def _owner_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _make(path: Path, account: Account | None, token: str) -> bool:
    """Make the folder, and any above it that is missing; change none that is there.

    Returns:
        Whether it was missing.
    """
    for parent in reversed(path.parents):
        if not parent.exists():
            parent.mkdir(exist_ok=True)
            parent.chmod(0o755)
    if account is not None:
        account.require_entry(path.parent)
    is_missing = not path.exists()
    if is_missing:
        _make_at_once(path, account, token)
    if account is not None:
        account.require_entry(path)
    return is_missing


def _make_at_once(path: Path, account: Account | None, token: str) -> None:
    """With owner and mode from its first moment on: a kill must not leave one that we cannot enter."""
    partial = path.with_name(f".{path.name}.new-{token}")
    partial.mkdir(mode=0o700)
    if account is not None:
        os.chown(partial, account.uid, account.gid)
    try:
        partial.rename(path)  # replaces an empty folder, nothing else
    except OSError:
        _remove_if_empty(partial)
        if not path.is_dir():
            raise


def _locked(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = _holder(descriptor)
        os.close(descriptor)
        raise FolderInUse(folder=folder, pid=pid) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return descriptor


def _holder(descriptor: int) -> int | None:
    for _ in range(1000):
        said = os.pread(descriptor, 32, 0).strip()
        if said.isdigit():
            return int(said)
        os.sched_yield()  # it holds the lock and is about to say who it is
    return None


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # gone already, or somebody put something there: not ours to remove
        folder.rmdir()


def _sync(folder: Path) -> None:
    """Make a rename in `folder` outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
