"""Text from outside, made safe to look at.

Everything a stranger wrote is escaped, isolated from its surroundings, and shown with what it tries
to hide: characters that nobody can see, letters stacked on letters, and links whose real host is
another than it seems.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

import idna
from markupsafe import Markup, escape

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ufe00-\ufe0f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]+"
)
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_STACKED = re.compile(f"({_MARK}{{4}}){_MARK}+")
_LINK = re.compile(r"""https?://[^\s<>"'`\u2028\u2029]+""", re.IGNORECASE)
_TRAILING = ".,;:!?)]}"
_JOINED_SYMBOLS = ("\u200d", "\ufe0f\u200d")
_JOINERS = ("\u200c", "\u200d")
_STYLES = ("\ufe0e", "\ufe0f")
_KEYCAPS = tuple("0123456789#*")


def shown(written: str) -> Markup:
    """A stranger's text as HTML: nothing in it acts, nothing in it hides."""
    pieces: list[Markup] = []
    position = 0
    for link in _LINK.finditer(written):
        pieces.append(_plain(written[position : link.start()]))
        url = link.group().rstrip(_TRAILING)
        pieces.append(_link(url))
        position = link.start() + len(url)
    pieces.append(_plain(written[position:]))
    return Markup("").join(pieces)


def inline(written: str, limit: int = 280) -> Markup:
    """One line of it, for lists: isolated, no line breaks, at most `limit` characters."""
    return Markup('<bdi dir="auto">{}</bdi>').format(shown(clipped(written, limit)))


def clipped(written: str, limit: int) -> str:
    """White space made single; cut at `limit` with an ellipsis."""
    line = " ".join(written[: limit * 4].split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def titled(written: str, limit: int) -> str:
    """For the title of a window, which shows no marks: unseen characters are left out."""
    return clipped(_UNSEEN.sub("", written), limit)


def host(url: str | None) -> str | None:
    """The real host of a link in ASCII, or None for what is no web address."""
    parts = _split(url or "")
    return None if parts is None else _ascii_host(parts)


def safe_url(url: str | None) -> str | None:
    """The link with its host in ASCII and without user or password; None unless http or https."""
    parts = _split(url or "")
    if parts is None:
        return None
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"{_ascii_host(parts)}{port}").geturl()


def initials(name: str) -> str:
    """Up to two letters that stand for a person without a picture."""
    words = [word for word in re.split(r"[\W_]+", name) if word]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [w[0] for w in words]
    return "".join(letters).upper() or "?"


def _plain(written: str) -> Markup:
    pieces: list[Markup] = []
    position = 0
    for start, end in _hidden(written):
        pieces.append(_unstacked(written[position:start]))
        pieces.append(_revealed(written[start:end]))
        position = end
    pieces.append(_unstacked(written[position:]))
    return Markup("").join(pieces)


def _hidden(written: str) -> Iterator[tuple[int, int]]:
    """Where characters stand that a reader would not see and that honest text does not need."""
    for run in _UNSEEN.finditer(written):
        if not _is_needed(written, run.start(), run.end()):
            yield run.span()


def _is_needed(written: str, start: int, end: int) -> bool:
    """Emoji are joined and styled by unseen characters, and some scripts are spelled with them."""
    before, run, after = written[start - 1 : start], written[start:end], written[end : end + 1]
    if run in _JOINED_SYMBOLS and _is_symbol(before) and _is_symbol(after):
        return True
    if run in _JOINERS:
        return _is_spelling(before, after)
    return run in _STYLES and (_is_symbol(before) or before in _KEYCAPS)


def _is_symbol(character: str) -> bool:
    return character != "" and unicodedata.category(character) in ("So", "Sk")


def _is_spelling(before: str, after: str) -> bool:
    """Between letters of scripts beyond Latin, Greek and Cyrillic."""
    return before >= "\u0590" and after >= "\u0590" and (before + after).isprintable()


def _revealed(run: str) -> Markup:
    if len(run) > 1:
        return Markup('<span class="unseen">⟨{} invisible characters⟩</span>').format(len(run))
    name = unicodedata.name(run, "control character").lower()
    return Markup('<span class="unseen" title="{}">⟨U+{:04X}⟩</span>').format(name, ord(run))


def _unstacked(written: str) -> Markup:
    return escape(_STACKED.sub(r"\1", written))


def _link(written: str) -> Markup:
    parts = _split(written)
    if parts is None:
        return _plain(written)
    real = _ascii_host(parts)
    rest = written.partition("://")[2]
    tail = rest[len(parts.netloc) :]
    port = f":{parts.port}" if parts.port else ""
    seems = parts.netloc.casefold()
    odd = Markup(' <span class="unseen">⟨leads to {}⟩</span>').format(real)
    return Markup('<span class="link" translate="no">{}://<b>{}</b>{}{}</span>{}').format(
        parts.scheme, real, port, _plain(tail), odd if seems != f"{real}{port}" else ""
    )


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.replace("\\", "/"))  # as browsers do, who thus find another host
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _ascii_host(parts: SplitResult) -> str:
    """Where a browser goes: UTS 46 without transition, then Punycode, whatever script it is in.

    No letter of another script is shown, so none can be taken for one of ours. Labels that IDNA
    2008 forbids and browsers resolve all the same, such as an emoji, are spelled out as well.
    """
    name = unquote(parts.hostname or "")
    try:
        labels = idna.uts46_remap(name, std3_rules=False).split(".")
        ascii_ = ".".join(map(_ascii_label, labels))
    except (idna.IDNAError, UnicodeError):
        ascii_ = name.encode("ascii", "backslashreplace").decode()
    return f"[{ascii_}]" if ":" in ascii_ else ascii_


def _ascii_label(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
