"""The configuration as it is now: read at start, and again on SIGHUP."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from responder.app.configuration import BadConfiguration, Configuration, load
from responder.engagement.model import SourceId
from responder.engagement.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a reading of the configuration changed."""

    version: str
    """Of what is in force now."""
    is_another: bool = True
    """False: the file says what it said before."""
    added: tuple[SourceId, ...] = ()
    changed: tuple[SourceId, ...] = ()
    removed: tuple[SourceId, ...] = ()

    @classmethod
    def between(cls, before: Configuration, after: Configuration) -> "Change":
        """By what stands at each source."""
        known = before.sources.keys() & after.sources.keys()
        return cls(
            version=after.version,
            is_another=after.version != before.version,
            added=tuple(sorted(after.sources.keys() - known)),
            changed=tuple(sorted(n for n in known if before.sources[n] != after.sources[n])),
            removed=tuple(sorted(before.sources.keys() - known)),
        )


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
        """What the file says now, if it is not broken; nothing is changed yet."""
        file: Path = self._configuration.file
        try:
            return load(file)
        except BadConfiguration as error:
            log.warning("configuration.refused", why=str(error))
            return None

    def change(self, fresh: Configuration) -> Change:
        before, self._configuration = self._configuration, fresh
        log.info("configuration.read", version=fresh.version[:12])
        return Change.between(before, fresh)
