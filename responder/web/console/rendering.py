"""Templates to HTML."""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from responder.web.console import (
    audit_words,
    lengths,
    presenters,
    text,
    undelivered,
    words,
)
from responder.web.console.assets import Assets
from responder.web.console.shortcuts import SHORTCUTS, attributes

FOLDER = Path(__file__).parent / "templates"


class Templates:
    """The console's templates; everything is escaped, and an unknown name is an error."""

    def __init__(self, assets: Assets, *, demo: bool) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            shown=text.shown,
            inline=text.inline,
            titled=text.titled,
            host=text.host,
            safe_url=text.safe_url,
            initials=text.initials,
            tint=presenters.tint,
            iso=presenters.iso,
            stamp=presenters.stamp,
            fingerprint=_fingerprint,
        )
        self._environment.globals.update(
            assets=assets,
            demo=demo,
            words=words,
            audit_words=audit_words,
            present=presenters,
            lengths=lengths,
            undelivered=undelivered,
            shortcuts=SHORTCUTS,
            key_attributes=attributes,
            clock_words=json.dumps(dict(words.CLOCK)),
        )

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(name).render(values)


def _fingerprint(value: object) -> str:
    """Differs when a value differs: a page compares it before it draws something anew."""
    return f"{zlib.crc32(repr(value).encode('utf-8', 'backslashreplace')):08x}"
