"""When two texts are the same reply, after what a platform does to it on its way."""

import html
import re
import unicodedata

_SPACES = re.compile(r"[ \t\u00a0]+")


def normalised(text: str) -> str:
    """NFC, entities decoded, line ends as LF, every line and both ends trimmed, spaces folded."""
    decoded = unicodedata.normalize("NFC", html.unescape(text))
    lines = decoded.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_SPACES.sub(" ", line).strip() for line in lines).strip()


def is_same_reply(ours: str, theirs: str) -> bool:
    return normalised(ours) == normalised(theirs)
