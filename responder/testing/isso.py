"""A real Isso server in a folder of its own, for tests. Needs the package `isso`.

It listens on 127.0.0.1 alone and runs as people run it: with its default guard unless told
otherwise. Its clock, and nothing else of it, is ours to move: its 15 minutes need not be waited for.
"""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

START_TRIES = 200
_PAUSE_SECONDS = 0.05
_TIMEOUT_SECONDS = 10
_RUN = """
import sys, time
shift, really = open(sys.argv.pop(1)), time.time
def moved():
    shift.seek(0)
    return really() + float(shift.read() or 0)
time.time = moved
from isso import main
sys.argv[0] = "isso"
main()
"""
ELSEWHERE = "198.51.100.7"
"""A commenter who is not this machine: Isso 0.14 believes `X-Forwarded-For`, whoever sends it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What Isso answered to a visitor."""

    status: int
    body: object
    cookies: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        return int(self._comment()["id"])

    @property
    def key(self) -> str:
        """How we name this comment: `responder.platforms.isso.wire.IssoComment.key`."""
        return f"{self.id}-{int(self._comment()['created'] * 1000)}"

    def _comment(self) -> dict[str, Any]:
        if not isinstance(self.body, dict) or "id" not in self.body:
            raise TypeError(f"Isso answered {self.status}: {self.body}")
        return self.body


class IssoServer:
    """Run Isso while in the `with` block.

    Args:
        folder: for its configuration and database; kept over a restart.
        guard: False switches its guard off, so that tests may write quickly.
        moderated: new comments are held until activated.
        latest: Isso's own default is off.
        extra: more of its configuration, by section.
    """

    def __init__(
        self,
        folder: Path,
        *,
        guard: bool = True,
        moderated: bool = False,
        latest: bool = True,
        extra: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._folder = folder
        self._database = folder / "comments.db"
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._cookies: dict[int, str] = {}
        self._ahead = 0.0
        sections: dict[str, dict[str, str]] = {
            "general": {
                "dbpath": str(self._database),
                "host": self.site + "/",
                "latest-enabled": str(latest).lower(),
            },
            "moderation": {"enabled": str(moderated).lower()},
            "server": {"listen": self.url},
            "guard": {} if guard else {"enabled": "false"},
        }
        for section, values in (extra or {}).items():
            sections.setdefault(section, {}).update(values)
        self._config = folder / "isso.cfg"
        self._config.write_text(_ini(sections))
        self._shift = folder / "clock"
        self._set_clock(0.0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def site(self) -> str:
        """The web site the comments stand on. Nobody is there: Isso never needs it."""
        return "http://127.0.0.1:9"

    @property
    def port(self) -> int:
        return self._port

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Return once it answers. Raises RuntimeError with its last words if it does not."""
        log = (self._folder / "isso.log").open("ab")
        with log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
                [sys.executable, "-c", _RUN, str(self._shift), "-c", str(self._config), "run"],
                stdout=log,
                stderr=log,
                env={**os.environ, "ISSO_SETTINGS": ""},  # noqa: TID251 - handed on, not read
                start_new_session=True,
            )
        for _ in range(START_TRIES):
            if self._process.poll() is not None or self._answers():
                break
            sleep(_PAUSE_SECONDS)
        if not self._answers():
            self.stop()
            words = (self._folder / "isso.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"Isso did not start:\n{words}")

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """It accepts connections and answers nothing, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def comment(
        self,
        uri: str,
        text: str,
        *,
        author: str | None = "Ann",
        email: str | None = None,
        parent: int | None = None,
        address: str | None = None,
        ago: float = 0.0,
    ) -> Told:
        """A visitor comments: from our own address or another, now or some seconds ago."""
        fields = {
            "title": "Page",
            "text": text,
            "author": author,
            "email": email,
            "parent": parent,
        }
        self._set_clock(self._ahead - ago)
        told = self._call("POST", f"/new?{urlencode({'uri': uri})}", fields, address=address)
        self._set_clock(self._ahead)
        if told.status in (http.client.CREATED, http.client.ACCEPTED):
            self._cookies[told.id] = "; ".join(told.cookies)
        return told

    def edit(self, comment_id: int, text: str) -> Told:
        """The author edits, with the cookie that the comment came with."""
        told = self._call("PUT", f"/id/{comment_id}", {"text": text}, cookie=self._of(comment_id))
        self._cookies[comment_id] = "; ".join(told.cookies)
        return told

    def delete(self, comment_id: int) -> Told:
        return self._call("DELETE", f"/id/{comment_id}", None, cookie=self._of(comment_id))

    def activate(self, comment_id: int) -> None:
        """What the moderator's link does: `isso.db.comments.Comments.activate`."""
        self._sql("UPDATE comments SET mode = 1 WHERE id = ? AND mode = 2", (comment_id,))

    def moderate_text(self, comment_id: int, text: str) -> None:
        """A moderator's edit: unlike the author's it sets no time."""
        self._sql("UPDATE comments SET text = ? WHERE id = ?", (text, comment_id))

    def move_clock(self, seconds: float) -> None:
        """Let that time pass for Isso, and for nobody else."""
        self._ahead += seconds
        self._set_clock(self._ahead)

    def hide(self, comment_id: int) -> None:
        """By hand in the database; Isso itself never hides what it has shown."""
        self._sql("UPDATE comments SET mode = 2 WHERE id = ?", (comment_id,))

    def forget(self) -> None:
        """Begin anew, without any comment or page, at the real time."""
        for table in ("comments", "threads"):
            self._sql(f"DELETE FROM {table}", ())  # noqa: S608 - two names of our own
        self._ahead = 0.0
        self._set_clock(0.0)

    def texts(self, parent: int | None = None) -> list[str]:
        """What its database holds under one root, held comments too, oldest first."""
        with closing(sqlite3.connect(self._database, timeout=_TIMEOUT_SECONDS)) as database:
            rows = database.execute(
                "SELECT text FROM comments WHERE parent IS ? ORDER BY id", (parent,)
            )
            return [text for (text,) in rows]

    def _set_clock(self, ahead: float) -> None:
        self._shift.write_text(repr(ahead))

    def _sql(self, statement: str, values: tuple[object, ...]) -> None:
        with closing(sqlite3.connect(self._database, timeout=_TIMEOUT_SECONDS)) as database:
            database.execute(statement, values)
            database.commit()

    def _of(self, comment_id: int) -> str:
        return self._cookies[comment_id]

    def _answers(self) -> bool:
        try:
            return self._call("GET", "/info", None).status == http.client.OK
        except OSError:
            return False

    def _call(
        self,
        method: str,
        path: str,
        fields: Mapping[str, object] | None,
        *,
        cookie: str = "",
        address: str | None = None,
    ) -> Told:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"X-Forwarded-For": address} if address else {}
        headers |= {"Cookie": cookie} if cookie else {}
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_SECONDS)
        with closing(connection):
            connection.request(method, path, json.dumps(fields) if fields else None, headers)
            answer = connection.getresponse()
            body = answer.read()
            cookies = tuple(
                value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie", [])
            )
            return Told(answer.status, json.loads(body) if body else None, cookies)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout=_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def _ini(sections: Mapping[str, Mapping[str, str]]) -> str:
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for name, values in sections.items()
    )
