"""The language of a text, and when nobody can say."""

import pytest

from responder.adapters.models.language import Py3LangidDetector


@pytest.fixture(scope="module")
def detector() -> Py3LangidDetector:
    return Py3LangidDetector()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The parcel has still not arrived.", "en"),
        ("Das Paket ist noch immer nicht angekommen.", "de"),
        ("El paquete todavía no ha llegado.", "es"),
        ("Le colis n'est toujours pas arrivé.", "fr"),
        ("Il pacco non è ancora arrivato.", "it"),
        ("まだ届いていません", "ja"),
        ("아직 안 왔어요", "ko"),
        ("ยังไม่มาเลย", "th"),
        ("¿Cuándo?", "es"),
        ("Grüße", "de"),
    ],
)
def test_a_language_is_told(detector: Py3LangidDetector, text: str, language: str) -> None:
    assert detector.detect(text)[0] == language


@pytest.mark.parametrize("text", ["", "ok 👍", "12345 678 90 11", "hm", "?!"])
def test_too_little_text_has_no_language(detector: Py3LangidDetector, text: str) -> None:
    assert detector.detect(text)[0] == "und"


def test_only_the_workspaces_languages_are_chosen_among() -> None:
    narrow = Py3LangidDetector(["en", "de"])
    assert narrow.detect("El paquete todavía no ha llegado a casa.")[0] in {"en", "de", "und"}


def test_a_probability_is_one(detector: Py3LangidDetector) -> None:
    assert 0.6 <= detector.detect("The parcel has still not arrived.")[1] <= 1.0


def test_it_says_what_decided(detector: Py3LangidDetector) -> None:
    assert detector.model.startswith("py3langid/")
