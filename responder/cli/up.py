"""`responder up` and `responder demo`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from responder.app.announcement import Announcement
from responder.app.up import run_up
from responder.cli import banner
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal
from responder.settings import load
from responder.settings.environment import environment
from responder.telemetry import logging

Port = Annotated[
    int | None,
    Parameter(help="Console, API and pushes; the next two are taken too. 0: three free ones."),
]
ReadyFile = Annotated[
    Path | None,
    Parameter(help="Written once everything serves, for scripts: one JSON object, mode 0600."),
]


def up(*, port: Port = None, ready_file: ReadyFile = None, place: Place = HERE) -> int:
    return _run(place.data_dir, port, ready_file, is_demo=False)


def demo(*, port: Port = None, ready_file: ReadyFile = None) -> int:
    # Below /tmp, which every account may enter: as root the database runs under another one.
    with tempfile.TemporaryDirectory(prefix="responder-demo-") as folder:
        Path(folder).chmod(0o755)
        return _run(Path(folder) / "data", port, ready_file, is_demo=True)


def _run(data_dir: Path | None, port: int | None, ready_file: Path | None, *, is_demo: bool) -> int:
    chosen = {
        **({} if data_dir is None else {"data": {"dir": data_dir}}),
        **({} if port is None else {"server": {"port": port}}),
    }
    settings = load(**chosen)
    logging.configure(settings.logging.level, settings.logging.format)
    return asyncio.run(
        run_up(
            settings,
            environment(),
            is_demo=is_demo,
            ready_file=None if ready_file is None else ready_file.absolute(),
            announce=_announce,
            say=terminal().say,
        )
    )


def _announce(announcement: Announcement) -> None:
    banner.show(terminal(), announcement)
