"""The three addresses of a process: bound before anything else starts, or refused with the holder."""

import errno
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from responder.engagement.errors import Misconfigured
from responder.settings import Settings

LISTENING = "0A"
"""The state of a listening socket in `/proc/net/tcp` (Linux, `include/net/tcp_states.h`)."""
BACKLOG = 512


@dataclass(eq=False, kw_only=True)
class PortInUse(Misconfigured):
    """Port {port} is in use by {holder}; stop that, or choose others with --port 0."""

    port: int
    holder: str


@dataclass(eq=False, kw_only=True)
class CannotListen(Misconfigured):
    """It is not possible to listen on {address}, port {port}: {why}"""  # noqa: D415 - the reason ends the sentence

    address: str
    port: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sockets:
    """Listening. Whoever serves on them closes them."""

    console: socket.socket
    """Console, API and `/in/…`."""
    metrics: socket.socket
    guestbook: socket.socket

    def close(self) -> None:
        for each in (self.console, self.metrics, self.guestbook):
            each.close()


def bind_all(settings: Settings) -> Sockets:
    """Bind what `up` serves: `server.port` and the next two, or three free ones.

    Raises:
        PortInUse, CannotListen: nothing is bound.
    """
    server, metrics = settings.server, settings.metrics
    metrics_port = _beside(server.port, 1) if metrics.port is None else metrics.port
    guestbook_port = (
        _beside(server.port, 2) if server.guestbook_port is None else (server.guestbook_port)
    )
    bound: list[socket.socket] = []
    try:
        bound.append(bind(server.bind_address, server.port))
        bound.append(bind(metrics.bind_address or server.bind_address, metrics_port))
        bound.append(bind(server.bind_address, guestbook_port))
    except Misconfigured:
        for each in bound:
            each.close()
        raise
    return Sockets(console=bound[0], metrics=bound[1], guestbook=bound[2])


def bind(address: str, port: int) -> socket.socket:
    """Listen there; 0 takes a free port.

    Raises:
        PortInUse: with who holds it.
        CannotListen: the address is not ours, or the port needs rights that we have not.
    """
    listening = socket.socket(_family(address), socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port=port, holder=holder_of(port) or "another program") from None
        raise CannotListen(address=address, port=port, why=error.strerror or str(error)) from None
    listening.settimeout(0)
    return listening


def port_of(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def holder_of(port: int) -> str | None:
    """Who listens on a port, as `name (process 123)`; None where the system does not tell us."""
    wanted = {f"socket:[{inode}]" for inode in _listening(port)}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone meanwhile, or somebody else's
            if any(str(each.readlink()) in wanted for each in (process / "fd").iterdir()):
                name = (process / "comm").read_text().strip()
                return f"{name} (process {process.name})"
    return None


def _listening(port: int) -> set[str]:
    """The inodes of the sockets that listen on it (Linux, `Documentation/networking/proc_net_tcp`)."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(fields[9])
    return found


def _beside(port: int, distance: int) -> int:
    return 0 if port == 0 else port + distance


def _family(address: str) -> socket.AddressFamily:
    with suppress(ValueError):
        return socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET  # noqa: PLR2004
    return socket.AF_INET
