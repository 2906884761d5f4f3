"""The rule `spam_rule`: a bland compliment that only carries an advertiser's name or link.

Both halves must be exact. *Bland*: every word of it could stand under any page on earth.
*Signed*: the author's name, the last words or the link are commercial. A comment that says one
thing about the matter, asks, complains or disagrees never falls under it, whoever signed it.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from responder.engagement.legible import fold, words
from responder.triage.findings import Findings
from responder.triage.lexicon.signals import Signal
from responder.triage.lexicon.trade import BARGAIN, BLAND, HARD, SOFT
from responder.triage.ports import Readable
from responder.triage.reading import Reading

MODEL = "spam_rule/1"

_LONGEST = 60
_LONGEST_SIGNATURE = 8
_SEGMENT = re.compile(
    r"[.!?;\n|~\u2022\u00b7]+|\s[-\u2013\u2014:]+\s*|[\u2013\u2014]|(?<=\w)-{2,}|,\s+(?=by )"
)
_SAYS_SOMETHING = (
    Signal.ASKS,
    Signal.FAULT,
    Signal.MISHAP,
    Signal.DISAGREES,
    Signal.ALARM,
    Signal.ABUSE,
    Signal.SUGGESTS,
    Signal.PARTNERS,
    Signal.WARNS,
)
_FIRST_PERSON_WORDS = """
i i'm i've my me we our us ich mein meine wir unser yo mi mis nosotros je j'ai mon ma nous
notre
"""
_FIRST_PERSON = frozenset(_FIRST_PERSON_WORDS.split())


_PROMOTES = re.compile(
    r"link in (?:my |the )?(?:bio|profile)|(?:look at|check(?: out)?|visit|see) my (?:page|profile|channel|website|shop|store)|follow me|follow (?:for|4) follow"
    r"|(?:dm|pm|text|whats ?app|inbox) me (?:for|to|now)|i (?:earn|make|made|earned) [$\u20ac\u00a3]?\d[\d.,]*[k$\u20ac\u00a3]?|(?:earn|make) [$\u20ac\u00a3]?\d[\d.,]* ?[$\u20ac\u00a3k]?(?: \w+)? (?:a|per|every) (?:day|week|month|hour)"
    r"|(?:get|grow|gain|buy) (?:\w+ ){0,2}(?:followers|subscribers|likes)|(?:guaranteed|double) (?:profit|returns?|income|your money)|t\.me/|wa\.me/"
    r"|verdiene (?:ich )?(?:\w+ ){0,2}\d+|folgt mir|link in (?:der )?bio|gano \d+|siganme|enlace en (?:la |mi )?bio|je gagne \d+|suivez[- ]moi|lien (?:en|dans la) bio"
)


def is_promotion(reading: Reading, findings: Findings) -> bool:
    """Posted for its own reach. A badge for the person who looks; closes nothing."""
    if findings.words > _LONGEST or findings.has(Signal.FAULT) or findings.has(Signal.ASKS):
        return False
    return _PROMOTES.search(reading.folded) is not None


class Adverts:
    """Knows commercial words: ours, and those of the operator."""

    def __init__(self, keywords: Sequence[str]) -> None:
        self._keywords = tuple(tuple(words(fold(k))) for k in keywords if words(fold(k)))

    def is_signed_compliment(
        self, reading: Reading, readable: Readable, findings: Findings
    ) -> bool:
        if findings.words > _LONGEST or findings.question_marks:
            return False
        if any(findings.has(s) for s in _SAYS_SOMETHING):
            return False
        own = _own_trade(readable)
        segments = [words(s) for s in _SEGMENT.split(reading.own)]
        segments = [s for s in segments if s]
        bland = [s for s in segments if _is_bland(s, own)]
        others = [s for s in segments if s not in bland]
        if not bland or not (
            findings.has(Signal.LIKES)
            or findings.has(Signal.THANKS)
            or findings.hints(Signal.LIKES)
        ):
            return False
        if not all(self._is_signature(s, readable, own) for s in others):
            return False
        return self._is_signed(others, reading, readable, own)

    def _is_signed(
        self,
        others: Iterable[Sequence[str]],
        reading: Reading,
        readable: Readable,
        own: Collection[str],
    ) -> bool:
        addresses = [re.findall(r"[a-z]+", link) for link in reading.links]
        return (
            self.is_commercial(words(fold(readable.author_name)), own)
            or any(self.is_commercial(s, own) for s in others)
            or any(self._sells(a, own) for a in addresses)
        )

    def is_commercial(self, name: Sequence[str], own: Collection[str] = ()) -> bool:
        """Is this what somebody sells, rather than who they are?"""
        if self._sells(name, own):
            return True
        plain = [w for w in name if w not in own]
        bargains = [w for w in plain if w in BARGAIN]
        soft = [w for w in plain if w in SOFT]
        return (bool(bargains) and len(plain) > 1) or len(soft) > 1

    def _sells(self, text: Sequence[str], own: Collection[str]) -> bool:
        joined = f" {' '.join(text)} "
        phrases = (*HARD, *(" ".join(k) for k in self._keywords))
        return any(f" {p} " in joined and not set(p.split()) <= set(own) for p in phrases)

    def _is_signature(
        self, segment: Sequence[str], readable: Readable, own: Collection[str]
    ) -> bool:
        if segment == words(fold(readable.author_name)):
            return True
        if len(segment) > _LONGEST_SIGNATURE or _FIRST_PERSON.intersection(segment):
            return False
        return self.is_commercial(segment, own)


def _is_bland(segment: Sequence[str], own: Collection[str]) -> bool:
    """Repeating the page's title says nothing about it either."""
    return all(w in BLAND or w in own or w.isdigit() for w in segment)


def _own_trade(readable: Readable) -> frozenset[str]:
    """Words of our own name and of the page sell nothing here."""
    names = (*readable.own_names, readable.page_title or "")
    return frozenset(w for n in names for w in words(fold(n)))
