"""Static files under names that carry their hash: what has the name never changes.

Stylesheets are joined in the order of the cascade, modules import each other by hashed names, and
each file is compressed once, at start.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "static"
LAYERS = ("reset", "tokens", "base", "components", "states")
PREFIX = "/static/"

_IMPORT = re.compile(r'(from\s+"|import\s+")\./([a-z]+)\.js"')
_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    compressed: bytes
    content_type: str


class Assets:
    """Every static file of the console, in memory."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._files: dict[str, Asset] = {}
        self._names: dict[str, str] = {}
        css = "".join((folder / "css" / f"{name}.css").read_text() for name in LAYERS)
        self._keep("console.css", css)
        self._keep("icon.svg", (folder / "icon.svg").read_text())
        for path in sorted((folder / "js").glob("*.js")):
            self._module(path.stem)

    @property
    def modules(self) -> tuple[str, ...]:
        """The addresses of all modules, to load at once."""
        return tuple(self.url(name) for name in self._names if name.endswith(".js"))

    @property
    def files(self) -> Mapping[str, Asset]:
        return self._files

    def url(self, name: str) -> str:
        """The address of `console.css`, `main.js`, …; KeyError for a file that is not there."""
        return PREFIX + self._names[name]

    async def serve(self, request: web.Request) -> web.Response:
        asset = self._files.get(request.match_info["name"])
        if asset is None:
            return web.Response(status=404, text="There is no such file.")
        answer_compressed = "gzip" in request.headers.get("Accept-Encoding", "")
        headers = {
            "Content-Type": asset.content_type,
            "Cache-Control": "public, max-age=31536000, immutable",
            "Vary": "Accept-Encoding",
        }
        if answer_compressed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(
            body=asset.compressed if answer_compressed else asset.content, headers=headers
        )

    def _module(self, stem: str) -> str:
        """Keep a module, those that it imports before it: their hashes are part of its text."""
        name = f"{stem}.js"
        if name not in self._names:
            source = (self._folder / "js" / name).read_text()
            self._keep(name, _IMPORT.sub(lambda m: f'{m[1]}./{self._module(m[2])}"', source))
        return self._names[name]

    def _keep(self, name: str, text: str) -> None:
        content = text.encode()
        stem, _, extension = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:16]}.{extension}"
        self._names[name] = hashed
        self._files[hashed] = Asset(content, gzip.compress(content, mtime=0), _TYPES[extension])
