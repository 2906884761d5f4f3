"""Somebody at the console: one connection that is kept, a session, and forms that are sent back.

It blocks, so it belongs into a thread; it asks one thing at a time, as a person does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection
from time import monotonic_ns
from urllib.parse import urlencode, urlsplit

from typing_extensions import override

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long it took until all of it was there."""

    status: int
    body: bytes
    cookie: str
    milliseconds: float


class Browser:
    """Gets pages and sends forms to one console."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._http = HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
        self._headers = {"Origin": f"{parts.scheme}://{parts.netloc}", "Accept": "text/html"}

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, "", headers)

    def send(self, path: str, fields: Mapping[str, str]) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(fields), headers)

    def sign_in(self, link: str) -> None:
        """Press the button behind a link of `responder user add`.

        Raises:
            RuntimeError: it is no longer good.
        """
        answer = self.send(urlsplit(link).path, {})
        if not answer.cookie:
            raise RuntimeError(f"signing in was answered with {answer.status}")
        self._headers["Cookie"] = answer.cookie.partition(";")[0]

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, path: str, body: str, headers: Mapping[str, str]) -> Answer:
        began = monotonic_ns()
        self._http.request(method, path, body or None, {**self._headers, **headers})
        response = self._http.getresponse()
        content = response.read()
        took = (monotonic_ns() - began) / 1e6
        return Answer(response.status, content, response.headers.get("Set-Cookie", ""), took)


class Form(HTMLParser):
    """The first form of a page that goes to such an address, with what its fields hold.

    Raises:
        LookupError: there is none.
    """

    def __init__(self, page: bytes, ending: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._ending = ending
        self._is_open = False
        self._writes = ""
        self.feed(page.decode())
        if not self.action:
            raise LookupError(f"no form goes to …{ending}")

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        path = urlsplit(values.get("action", "")).path
        if tag == "form" and not self.action and path.endswith(self._ending):
            self.action, self._is_open = values["action"], True
        elif self._is_open and tag == "input":
            self.fields[values.get("name", "")] = values.get("value", "")
        elif self._is_open and tag == "textarea":
            self._writes = values.get("name", "")
            self.fields[self._writes] = ""

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_open = False
        elif tag == "textarea":
            self._writes = ""

    @override
    def handle_data(self, data: str) -> None:
        if self._is_open and self._writes:
            self.fields[self._writes] += data.removeprefix("\n")
