"""Every check of a draft, in order. A draft that a person sees has passed all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from responder.drafting.guards import (
    citations,
    gives,
    grounding,
    language,
    leak,
    length,
    links,
    personal_data,
    promotion,
    sameness,
    size,
)
from responder.drafting.guards.draft import Draft, Objection
from responder.drafting.guards.language import LanguageDetector

Check: TypeAlias = Callable[[Draft], Objection | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    checks: tuple[tuple[str, bool], ...]
    """Name with version, and whether it passed; up to the first that did not."""
    objection: Objection | None = None


class Checks:
    def __init__(self, detector: LanguageDetector) -> None:
        self._checks: tuple[tuple[str, Check], ...] = (
            (size.NAME, size.check),
            (leak.NAME, leak.check),
            (citations.NAME, citations.check),
            (links.NAME, links.check),
            (personal_data.NAME, personal_data.check),
            (language.NAME, lambda draft: language.check(draft, detector)),
            (length.NAME, length.check),
            (promotion.NAME, promotion.check),
            (grounding.NAME, grounding.check),
            (gives.NAME, gives.check),
            (sameness.NAME, sameness.check),
        )

    def judge(self, draft: Draft) -> Verdict:
        """Stops at the first objection: what is unsafe is not looked at any further."""
        passed: list[tuple[str, bool]] = []
        for name, check in self._checks:
            objection = check(draft)
            passed.append((name, objection is None))
            if objection is not None:
                return Verdict(tuple(passed), objection)
        return Verdict(tuple(passed))
