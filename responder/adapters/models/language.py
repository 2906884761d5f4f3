"""Which language a text is in: py3langid over the workspace's languages, and scripts that decide.

The list is worth more than the library: among few languages short texts are told apart well.
"""

import math
import re
from collections.abc import Sequence
from importlib.metadata import version

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

UNDETERMINED = "und"

_COMMON = (
    "ar bg ca cs da de el en es fi fr he hi hr hu it ja ko nl no pl pt ro ru sk sv th tr uk vi zh"
)
COMMON = tuple(_COMMON.split())
"""Chosen among when the operator names none: with all 139 that the library knows, short texts
are taken for rare languages far more often than rare languages occur."""

_ENOUGH_LETTERS = 12
_SURE = 0.6
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3\u1100-\u11ff]")),
    ("th", re.compile("[\u0e01-\u0e5b]")),
    ("el", re.compile("[\u0386-\u03ff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("hy", re.compile("[\u0531-\u0587]")),
    ("ka", re.compile("[\u10d0-\u10ff]")),
)
"""Scripts of which one language is by far the most likely."""
_BEYOND_LATIN = re.compile("[\u0386-\uffff]")
"""Where all of them stand."""
_MARKS = (("es", re.compile("[\u00bf\u00a1]")), ("de", re.compile("\u00df")))
"""Signs that one language alone uses."""
_MARK_DECIDES_BELOW = 40
"""Letters; in a longer text such a sign may stand in a name or a quotation."""


class Py3LangidDetector:
    """Implements `triage.ports.LanguageDetector`. Loads its model once, about 0.1 s."""

    def __init__(self, languages: Sequence[str] = ()) -> None:
        self.model = f"py3langid/{version('py3langid')}"  # looked up once: it reads a file
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        known = set(self._identifier.labels)
        self._languages = tuple(tag for tag in languages or COMMON if tag in known)
        if self._languages:
            self._identifier.set_languages(list(self._languages))
        # The same figures as they are reckoned with and one feature's together: else each text
        # gathers and converts its own.
        self._identifier.nb_ptc = self._identifier.nb_ptc.astype("float32", order="C")

    def detect(self, text: str) -> tuple[str, float]:
        letters = sum(map(str.isalpha, text))
        if _BEYOND_LATIN.search(text):
            for tag, script in _SCRIPTS:
                if letters and 2 * len(script.findall(text)) > letters:
                    return tag, 1.0
        for tag, mark in _MARKS:
            if letters < _MARK_DECIDES_BELOW and tag in self._languages and mark.search(text):
                return tag, 1.0
        if letters < _ENOUGH_LETTERS:
            return UNDETERMINED, 0.0
        tag, probability = self._identifier.classify(text)
        sure = float(probability) if math.isfinite(probability) else 0.0
        return (tag if sure >= _SURE else UNDETERMINED), sure
