"""Disks that fail on purpose: one whose power is cut, and one that is full. For tests as root.

A power cut is what the kernel itself calls one: ext4 is told to go down without writing its journal
(ioctl `FS_IOC_SHUTDOWN`, `include/uapi/linux/fs.h`; xfstests' `godown` does the same). From that
moment nothing reaches the disk any more, and nothing that waited in memory ever does. Mounted
again, the disk has what had been written to it, and its journal is replayed, as after a real one.

Whatever a killed test run left mounted is unmounted by the next one.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

MEGABYTE = 1_048_576
PREFIX = "responder-disk-"
_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
_WITHOUT_LOG = struct.pack("I", 2)  # EXT4_GOING_FLAGS_NOLOGFLUSH
_PROGRAMS = ("mkfs.ext4", "mount", "umount")
_BUSY_SECONDS = 30.0
_PAUSE_SECONDS = 0.1


@dataclass(eq=False)
class DiskUnavailable(Exception):
    """There can be no such disk here; `why` names what is missing."""

    why: str

    @override
    def __str__(self) -> str:
        return self.why


class Disk:
    """An ext4 of its own on a loop device; make it with `disk`.

    Args:
        home: holds the image and the folder `path`, where it is mounted.
    """

    def __init__(self, home: Path) -> None:
        self._image = home / "image"
        self.path = home / "mounted"

    def format(self, megabytes: int) -> None:
        """Make it, empty."""
        with self._image.open("wb") as image:
            image.truncate(megabytes * MEGABYTE)
        self.path.mkdir(mode=0o755)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self._image))

    def mount(self) -> None:
        """After a cut this replays the journal."""
        _run("mount", "-o", "loop", str(self._image), str(self.path))

    def cut_power(self) -> None:
        """Nothing reaches it from now on; whoever writes is told of an error."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, _WITHOUT_LOG)
        finally:
            os.close(folder)

    def restore_power(self) -> None:
        """Mount it again; nobody may have a file of it open any more."""
        _unmount(self.path)
        self.mount()


@contextmanager
def disk(megabytes: int) -> Iterator[Disk]:
    """A disk for as long as the context lasts, mounted.

    Raises:
        DiskUnavailable: not root, no loop device, or a program is missing.
    """
    with _home() as home:
        made = Disk(home)
        made.format(megabytes)
        made.mount()
        yield made


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A folder in memory that takes so much and no more.

    Raises:
        DiskUnavailable: not root.
    """
    with _home() as home:
        folder = home / "mounted"
        folder.mkdir(mode=0o755)
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder))
        yield folder


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """While this lasts, the disk that `folder` is on has no byte left."""
    ballast = folder / "ballast"
    try:
        with ballast.open("wb") as file, suppress(OSError):
            while True:
                file.write(bytes(MEGABYTE))
        yield
    finally:
        ballast.unlink(missing_ok=True)


@contextmanager
def _home() -> Iterator[Path]:
    """A folder that is ours as long as its lock is held; what is mounted in it goes with it."""
    if os.geteuid() != 0:
        raise DiskUnavailable("only root can mount a disk")
    if missing := [name for name in _PROGRAMS if shutil.which(name) is None]:
        raise DiskUnavailable(f"not installed: {', '.join(missing)}")
    _remove_abandoned()
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    home.chmod(0o755)  # a database runs under another account
    with (home / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield home
        finally:
            _remove(home)


def _remove_abandoned() -> None:
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError, BlockingIOError), (home / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(home)


def _remove(home: Path) -> None:
    """Also when somebody still has a file open: then the disk goes when they do."""
    mounted = home / "mounted"
    if mounted.is_mount():
        _run("umount", "--lazy", str(mounted))
    shutil.rmtree(home, ignore_errors=True)


def _unmount(mounted: Path) -> None:
    """Wait for who has just been killed."""
    until = time.monotonic() + _BUSY_SECONDS  # noqa: TID251 - a test waits in real time
    while True:
        try:
            _run("umount", str(mounted))
        except DiskUnavailable:
            if time.monotonic() > until:  # noqa: TID251 - a test waits in real time
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _run(*command: str) -> None:
    done = _finished(command)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise DiskUnavailable(f"{command[0]} fails: {said}")


def _finished(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
