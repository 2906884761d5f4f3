"""A browser without scripts: it follows links, fills in forms, and reads what a page says."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import urlencode, urljoin

import aiohttp
from typing_extensions import override

VOID = frozenset({"input", "meta", "link", "br", "path", "circle"})


@dataclass
class Form:
    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What a person would find on a page."""

    def __init__(self, status: int, address: str, headers: Mapping[str, str], html: str) -> None:
        super().__init__()
        self.status = status
        self.address = address
        self.headers = headers
        self.html = html
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._words: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def form(self, button: str) -> Form:
        """The form with this button."""
        for form in self.forms:
            if any(button in each for each in form.buttons):
                return form
        raise LookupError(f"no button {button!r} on {self.address}: {self.text}")

    def has_button(self, button: str) -> bool:
        return any(button in each for form in self.forms for each in form.buttons)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            action = urljoin(self.address, values.get("action") or self.address)
            self.forms.append(Form(values.get("method", "get"), action))
        elif tag == "a":
            self.links.append(values.get("href", ""))
        elif tag == "input" and self.forms and values.get("type") != "radio":
            self.forms[-1].fields[values.get("name", "")] = values.get("value", "")
        elif tag == "textarea" and self.forms:
            self._field = values.get("name", "")
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        while tag in self._open and self._open.pop() != tag:
            pass

    @override
    def handle_data(self, data: str) -> None:
        if "textarea" in self._open:
            known = self.forms[-1].fields if self.forms else {}
            known[self._field] = known.get(self._field, "") + data.removeprefix("\n")
        elif "button" in self._open and self.forms and self.forms[-1].buttons:
            self.forms[-1].buttons[-1] += data
        if not {"script", "style", "noscript"} & set(self._open):
            self._words.append(data)


@dataclass
class Reader:
    """One browser with its cookies."""

    http: aiohttp.ClientSession
    url: str

    async def open(self, path: str, **headers: str) -> Page:
        sent = {"Accept": "text/html", **{k.replace("_", "-"): v for k, v in headers.items()}}
        async with self.http.get(urljoin(self.url, path), headers=sent) as answer:
            return Page(answer.status, str(answer.url), answer.headers, await answer.text())

    async def press(self, page: Page, button: str, **filled: str) -> Page:
        """Fill in the form with this button, and press it."""
        form = page.form(button)
        return await self.post(form.action, {**form.fields, **filled})

    async def post(
        self, address: str, fields: Mapping[str, str], *, origin: str | None = "own"
    ) -> Page:
        headers = {
            "Accept": "text/html",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if origin is not None:
            headers["Origin"] = self.url if origin == "own" else origin
        async with self.http.post(
            urljoin(self.url, address), data=BytesIO(urlencode(fields).encode()), headers=headers
        ) as answer:
            return Page(answer.status, str(answer.url), answer.headers, await answer.text())

    async def sign_in(self, link: str) -> Page:
        return await self.press(await self.open(link), "Sign in as")


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Reader]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Reader(http, url)
