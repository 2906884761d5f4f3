"""The configuration as it is now: read at start, and again on SIGHUP."""

from typing import TYPE_CHECKING

import structlog

from responder.app.configuration import BadConfiguration, Configuration, load
from responder.engagement.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger(__name__)


class Current:
    """Holds the configuration that new decisions are made under."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    @property
    def configuration(self) -> Configuration:
        return self._configuration

    def workspace(self) -> Workspace:
        return self._configuration.workspace

    def read_again(self) -> Configuration | None:
        """What the file says now, if it is another and not broken; nothing is changed yet."""
        file: Path = self._configuration.file
        try:
            fresh = load(file)
        except BadConfiguration as error:
            log.warning("configuration.refused", why=str(error))
            return None
        return None if fresh.version == self._configuration.version else fresh

    def change(self, fresh: Configuration) -> None:
        self._configuration = fresh
        log.info("configuration.read", version=fresh.version[:12])
