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

    def reload(self) -> bool:
        """Read the file again; one that is broken changes nothing. Says whether it is another."""
        file: Path = self._configuration.file
        try:
            fresh = load(file)
        except BadConfiguration as error:
            log.warning("configuration.refused", why=str(error))
            return False
        if fresh.version == self._configuration.version:
            return False
        self._configuration = fresh
        log.info("configuration.read", version=fresh.version[:12])
        return True
