"""`responder up` and `responder demo`."""

import asyncio
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from responder.app.claiming import claimed
from responder.app.data_folder import location
from responder.cli.interrupts import ending_at_once
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
    folder = location(settings, environment())
    with claimed(settings, folder) as held:
        with ending_at_once():  # it takes seconds to load, and a held folder is no reason to wait
            from responder.app.up import run_up  # noqa: PLC0415
            from responder.cli import banner  # noqa: PLC0415
        return asyncio.run(
            run_up(
                settings,
                folder,
                held,
                is_demo=is_demo,
                ready_file=None if ready_file is None else ready_file.absolute(),
                announce=partial(banner.show, terminal()),
                say=terminal().say,
            )
        )
