"""How a cluster is made, how its server is called, and what it says about itself on disk."""

import hashlib
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from responder.adapters.postgres.embedded.errors import ServerFailed
from responder.adapters.postgres.embedded.folder import DataFolder
from responder.adapters.postgres.embedded.process import Process
from responder.adapters.postgres.embedded.programs import Programs

USER = "responder"

# For a small machine that has other work too. Reasons where they are not plain:
SETTINGS: Mapping[str, str] = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "64MB",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "0",  # a container's /dev/shm is often too small for it
    "jit": "off",  # our statements are short
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "log_startup_progress_interval": "1s",  # shown while it recovers
    # Statements and row values hold what people wrote: they have no place in a log file.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says (PostgreSQL source, `src/include/utils/pidfile.h`)."""

    pid: int
    port: int | None
    status: str
    """`starting`, `ready` or `stopping`; empty while the file is still being written."""

    @property
    def is_stopping(self) -> bool:
        return self.status == "stopping"


def postmaster_of(cluster: Path) -> Postmaster | None:
    """Its last server, which may be long gone."""
    try:
        lines = (cluster / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return None
    lines += [""] * (8 - len(lines))
    if not lines[0].strip().isdigit():
        return None
    port = lines[3].strip()
    return Postmaster(int(lines[0]), int(port) if port.isdigit() else None, lines[7].strip())


def title_of(cluster: Path) -> str:
    """The name by which its processes are known among all of the machine's."""
    return "responder-" + hashlib.sha256(str(cluster).encode()).hexdigest()[:12]


def server_command(
    programs: Programs, folder: DataFolder, port: int, extra: Mapping[str, str]
) -> list[str]:
    """The whole configuration is on it, so a server that has the same one needs no restart.

    On a Unix socket there is no password: folder and socket are closed to every other account, and
    the kernel sees to that. Where its path would be too long, it is loopback with a password.
    """
    where = {
        "listen_addresses": "" if folder.socket_fits else "127.0.0.1",
        "unix_socket_directories": str(folder.home) if folder.socket_fits else "",
        "unix_socket_permissions": "0700",
        "port": str(port),
        "cluster_name": title_of(folder.cluster),
    }
    settings = {**SETTINGS, **where, **extra}
    command = [str(programs.postgres), "-D", str(folder.cluster)]
    return command + [
        part for name, value in settings.items() for part in ("-c", f"{name}={value}")
    ]


async def initialise(programs: Programs, folder: DataFolder, *, token: str, password: str) -> None:
    """Make the cluster: all of it or nothing, also when we are killed in the middle.

    Raises:
        ServerFailed: with what `initdb` said last; nothing is left.
    """
    with folder.replacing_home(token, password) as home:
        with folder.open_log(home) as output:
            making = Process.spawn(
                _initdb_command(programs, home, durable=folder.is_durable),
                folder=home,
                account=folder.account,
                output=output,
            )
        if await _exit_code(making) != 0:
            raise ServerFailed(what="make its files", why=last_line(home / "server.log"))


def _initdb_command(programs: Programs, home: Path, *, durable: bool) -> list[str]:
    return [
        str(programs.initdb),
        *("-D", str(home / "cluster")),
        *("-U", USER),
        *("--auth-local", "trust"),
        *("--auth-host", "scram-sha-256"),
        *("--pwfile", str(home / "password")),
        *("-E", "UTF8"),
        # PostgreSQL's own locale: an update of the machine's library cannot break an index.
        *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        "--no-instructions",
        *(() if durable else ("--no-sync",)),
    ]


async def _exit_code(process: Process) -> int | None:
    """Wait for its end; if we are cancelled meanwhile, it ends with us."""
    try:
        await process.ended()
    finally:
        process.send_to_group(signal.SIGKILL)
        process.close()
    return process.exit_code


def last_line(log: Path) -> str:
    """What a server said last; at most 500 characters."""
    try:
        lines = log.read_bytes()[-4000:].decode(errors="replace").split("\n")
    except FileNotFoundError:
        return ""
    return next((line.strip()[:500] for line in reversed(lines) if line.strip()), "")
