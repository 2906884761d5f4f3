"""What `responder up` keeps on this machine beside the database: secrets, configuration, address.

    <data folder>/
        responder.toml     written, commented, at the first start; then yours
        secrets/           0700; each secret in a file of its own, 0600, made once and kept
        address            where the console of the last start is, for `responder user link`

The database's server may run under another account, which then owns the folder. So nothing here is
believed that is not ours, and no link is followed.
"""

import base64
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from responder.app.configuration import default_text
from responder.engagement.errors import Misconfigured
from responder.engagement.model import SourceId
from responder.engagement.ports import Ids
from responder.settings import Settings

ROOT_FOLDER = Path("/var/lib/responder")


@dataclass(eq=False, kw_only=True)
class NotOurFile(Misconfigured):
    """{path} is not what we have put there: {why}. Look at it, then move it away."""

    path: Path
    why: str


def location(settings: Settings, environ: Mapping[str, str]) -> Path:
    """Where the data folder is: as set, else the user's data directory, as root `/var/lib`.

    Source: XDG Base Directory Specification 0.8, `$XDG_DATA_HOME`; a relative one is ignored.
    """
    if settings.data.dir is not None:
        return settings.data.dir.absolute()
    if os.geteuid() == 0:
        return ROOT_FOLDER
    chosen = Path(environ.get("XDG_DATA_HOME", ""))
    return (chosen if chosen.is_absolute() else Path.home() / ".local" / "share") / "responder"


def configuration_file(settings: Settings, environ: Mapping[str, str]) -> Path:
    """Where `responder.toml` is, there or not."""
    if settings.config is not None:
        return settings.config.absolute()
    return location(settings, environ) / "responder.toml"


def console_address(settings: Settings, environ: Mapping[str, str]) -> str:
    """Where the console is: as set, else where the last start had it. No slash at the end."""
    server = settings.server
    if server.public_url is not None:
        return str(server.public_url).rstrip("/")
    with suppress(FileNotFoundError):
        return _read(location(settings, environ) / "address")
    return f"http://{server.bind_address}:{server.port}"


def is_open_to_others(path: Path) -> bool:
    """Whether anybody but its owner may read, write or enter it."""
    return bool(path.lstat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


class DataFolder:
    """The part of the data folder that is not the database's. The folder itself is there.

    Args:
        path: absolute; whoever writes holds its lock.
        ids: makes the secrets.
    """

    def __init__(self, path: Path, ids: Ids) -> None:
        self.path = path
        self._ids = ids

    def configuration(self, chosen: Path | None) -> Path:
        """The file to read; the commented one is written where there is none."""
        file = chosen or self.path / "responder.toml"
        if not file.exists():
            _write(file, default_text(), mode=0o644)
        return file

    def webhook_secret(self, source: SourceId) -> str:
        """`whsec_…`: what pushes to this source are signed with."""
        return self._secret(f"{source}.webhook-secret", self._signing_key)

    def outgoing_secret(self, source: SourceId) -> str:
        """`whsec_…`: what our own webhooks to this source are signed with."""
        return self._secret(f"{source}.outgoing-secret", self._signing_key)

    def address_token(self, source: SourceId) -> str:
        """The last part of the source's address; it also reads the receipts of its pushes."""
        return self._secret(f"{source}.address-token", self._token)

    def message_secret(self, webhook: str) -> str:
        """`whsec_…`: what messages to this webhook are signed with."""
        return self._secret(f"{webhook}.message-secret", self._signing_key)

    def api_token(self) -> str:
        return self._secret("api-token", self._token)

    def webhook_secret_file(self, source: SourceId) -> Path:
        return self.path / "secrets" / f"{source}.webhook-secret"

    def outgoing_secret_file(self, source: SourceId) -> Path:
        return self.path / "secrets" / f"{source}.outgoing-secret"

    def remember_address(self, console_url: str) -> None:
        """Where the console is, until the next start."""
        _write(self.path / "address", console_url)

    def _secret(self, name: str, make: Callable[[], str]) -> str:
        folder = self.path / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.lstat().st_uid != os.geteuid():
            raise NotOurFile(path=folder, why="it belongs to somebody else")
        try:
            return _read(folder / name)
        except FileNotFoundError:
            with suppress(FileExistsError):  # a command and `up` at once: whoever was first
                _write(folder / name, make(), is_new=True)
            return _read(folder / name)

    def _signing_key(self) -> str:
        return "whsec_" + base64.b64encode(self._ids.secret(32)).decode()

    def _token(self) -> str:
        return base64.urlsafe_b64encode(self._ids.secret(24)).decode()


def write_whole(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file at once: whoever reads it sees all of it, or what was there before."""
    _write(path, text, mode=mode)


def _read(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, encoding="utf-8") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise NotOurFile(path=path, why="it belongs to somebody else")
        return file.read().strip()


def _write(path: Path, text: str, *, mode: int = 0o600, is_new: bool = False) -> None:
    """Whole or not at all, also when the power fails. Raises FileExistsError if it must be new."""
    partial = path.with_name(f".{path.name}.new-{os.getpid()}")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text if text.endswith("\n") else text + "\n")
        file.flush()
        os.fsync(descriptor)
    if is_new:
        try:
            path.hardlink_to(partial)
        finally:
            partial.unlink()
    else:
        partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
