"""The rule `share_without_words`: somebody passed a page on and said nothing of their own.

Taken away are links, handles, hashtags, emoji, repost marks, the page's title, and the words a
repost quotes. What remains are the author's own words; the rule holds only when nothing does.
Exact on purpose: words that might be theirs, or a hashtag that complains, leave the comment to a
person.
"""

import re
from collections.abc import Iterable, Sequence

from responder.engagement.legible import fold, words
from responder.triage.findings import Findings
from responder.triage.lexicon.signals import Signal
from responder.triage.ports import Readable
from responder.triage.reading import HANDLE, HASHTAG, LINK, Reading, blank

MODEL = "share_without_words/1"

_SEPARATORS = re.compile(r"\s[|\u2013\u2014\u00b7\u00bb\u00ab>-]+\s|\s*[|\u00bb\u00ab]\s*")
_MARK = re.compile(
    r"(?<!\w)(?:rt|mt|prt|re-?tweet(?:ed|ing)?|re-?post(?:ed)?(?: from)?|re-?blog(?:ged)?|geteilt(?: von)?"
    r"|compartido(?: por)?|partage(?: par)?)(?!\w)\s*:?|[\U0001f501\u267b\u267a\U0001f503]"
)
_CREDIT = re.compile(
    r"(?<!\w)(?:via|by|cc|from|h/t|ht|thx|thanks to|von|por|par|de|di|durch|author|autor|auteur)\s*:?\s*(?=@|$)"
)
_ORIGIN = re.compile(
    r"this comment was originally posted on \w+|(?:originally )?(?:posted|shared|sent|tweeted) (?:on|via|from|with) \w+(?: for \w+)?\s*$"
)
_LEAD_IN = re.compile(
    r"^\W*(?:(?:new|latest|today's|now|just|currently|fresh|neue[rs]?|nuevo|nueva|nouveau|nouvel) )?(?:on the )?"
    r"(?:blog ?post|post|blog|article|reading|read|news|link|artikel|beitrag|blogbeitrag|blogartikel|gelesen"
    r"|articulo|entrada|leyendo|lectura|billet|a lire|lu|published|posted|shared|update)\s*[:\u2013\u2014>|-]+"
)
_FILLER_WORDS = """
via by rt mt from on at in the a an new blog post article reading von vom auf im der die das
neu beitrag artikel de del en el la los por le les par sur un une articulo entrada nouveau
billet com www blogpost
"""
_FILLER = frozenset(_FILLER_WORDS.split())
_SITE = re.compile(
    r"\s[|\u00bb\u00b7]\s+(?:[A-Z\u00c0-\u00de][\w'.-]*\s*){1,3}(?=https?:|www\.|[#@]|$)"
)
"""The name of a site behind the title of its page."""
_SPEAKS_WORDS = """
i i'm i've i'd my me we our ich mein meine wir mich yo mi mis je j'ai mon ma mes nous
"""
_SPEAKS = frozenset(_SPEAKS_WORDS.split())
_TELLING = (
    Signal.FAULT,
    Signal.MISHAP,
    Signal.ALARM,
    Signal.ABUSE,
    Signal.ASKS,
    Signal.DISAGREES,
    Signal.WANTS,
)
_LONG_WORD = 4
_SURE_OF_TITLE = 3
_HEADLINE_WORDS = 4


def is_share_without_words(reading: Reading, readable: Readable, findings: Findings) -> bool:
    if findings.frowns or _speaks_in_hashtags(reading):
        return False
    if not (reading.links or reading.handles or reading.hashtags or _MARK.search(reading.folded)):
        return False
    text = _ORIGIN.sub(" ", _LEAD_IN.sub(" ", _unlinked(reading, readable)))
    mark = _MARK.search(text)
    if mark is None:
        return _says_only_title(text, reading, readable, findings)
    before, after = text[: mark.start()], text[mark.end() :]
    if _left(before, reading, readable):
        return False
    if not _left(after, reading, readable):
        return True
    return _quotes_all(after, reading, findings) and not _adds(after, readable)


def _says_only_title(text: str, reading: Reading, readable: Readable, findings: Findings) -> bool:
    remaining = words(_bare(text))
    if remaining:
        if not reading.links:
            return False  # a title without a link may be an answer
        if not _left(text, reading, readable):
            return True
        return readable.page_title is None and _is_headline(reading, remaining, findings)
    # A handle alone calls somebody. If it calls us, somebody waits.
    calls_us = any(fold(name) in fold(h) for name in readable.own_names for h in reading.handles)
    return not calls_us


def _quotes_all(after: str, reading: Reading, findings: Findings) -> bool:
    """`RT @name their words link`: everything up to the last link is theirs."""
    if not reading.links or "\x00" not in after or not HANDLE.match(after.lstrip(" :\u201c\"'")):
        return False
    theirs, _, ours = after.rpartition("\x00")
    if words(_bare(ours)) or re.search(r"//|<-|<<|\u2190|\|\|", theirs):
        return False
    return not findings.question_marks and not any(findings.has(s) for s in _TELLING)


def _adds(after: str, readable: Readable) -> bool:
    """Words behind the title may be the sharer's own."""
    remaining = words(_bare(after))
    parts = [words(t) for t in _titles_said(readable)]
    found = (_around(remaining, t) for t in parts if len(t) >= _SURE_OF_TITLE)
    around = next((each for each in found if each is not None), None)
    return around is not None and bool(around[1])


def _left(text: str, reading: Reading, readable: Readable) -> list[str]:
    """The words that are neither title nor credit."""
    remaining = words(_bare(text))
    names = {w for n in (*readable.own_names, readable.author_name) for w in words(fold(n))}
    for title in _titles(reading, readable):
        around = _around(remaining, title)
        if around is not None:
            rest = [*around[0], *around[1]]
            site = set(words(fold(readable.page_title or "")))
            return [w for w in rest if w not in _FILLER | names | site and not w.isdigit()]
    return remaining


def _titles(reading: Reading, readable: Readable) -> Iterable[list[str]]:
    """The page's title, its parts, and what the addresses say, the longest first."""
    addresses = [*reading.links, *([fold(readable.page_url)] if readable.page_url else [])]
    slugs = [s for a in addresses for s in re.split(r"[/?#]", re.sub(r"^\w+://[^/]*", "", a))]
    listed = [words(t) for t in _titles_said(readable)] + [
        re.findall(r"[a-z0-9]+", s.rsplit(".", 1)[0]) for s in slugs
    ]
    return sorted((t for t in listed if t), key=len, reverse=True)


def _titles_said(readable: Readable) -> list[str]:
    title = fold(readable.page_title or "")
    return [title, *_SEPARATORS.split(title)]


def _around(
    remaining: Sequence[str], title: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]] | None:
    """What stands before and after the title; None if the title is not there.

    A repost may cut the title short, so a beginning of three words or more counts too.
    """
    plain, sought = ([w.replace("'", "") for w in each] for each in (remaining, title))
    shortest = max(1, min(len(sought), max(_SURE_OF_TITLE, len(plain) - 2)))
    for size in range(len(sought), shortest - 1, -1):
        for start in range(len(plain) - size + 1):
            end = start + size
            if _same(plain[start:end], sought[:size], at_end=end == len(plain)):
                one_of_many = len(sought) == 1 and len(plain) > 1  # one word proves no title
                return None if one_of_many else (remaining[:start], remaining[end:])
    return None


def _same(ours: Sequence[str], title: Sequence[str], *, at_end: bool) -> bool:
    """Word for word; the last may be cut where the text ends."""
    if at_end and len(ours) >= _SURE_OF_TITLE and title[-1].startswith(ours[-1]):
        return ours[:-1] == title[:-1]
    return ours == title


def _is_headline(reading: Reading, remaining: Sequence[str], findings: Findings) -> bool:
    """A line in title case, then the link: the form of a headline and of nothing people say."""
    written = _words_as_written(reading)
    long_words = [w for w in written if len(w) >= _LONG_WORD]
    speaks = bool(_SPEAKS.intersection(remaining)) or findings.question_marks
    tells = any(findings.has(s) for s in (*_TELLING, Signal.THANKS, Signal.SHARES, Signal.WARNS))
    if speaks or tells or len(remaining) < _HEADLINE_WORDS or not long_words:
        return False
    shouts = all(w.isupper() for w in long_words)
    return not shouts and all(w[0].isupper() or w[0].isdigit() for w in long_words)


def _words_as_written(reading: Reading) -> list[str]:
    return re.findall(r"\w+(?:['\u2019]\w+)*", reading.spoken)


def _speaks_in_hashtags(reading: Reading) -> bool:
    """`#fail #nevermore` says something; `#packaging` does not."""
    return bool(_TELLING_TAGS.search(" ".join(reading.hashtags)))


_TELLING_TAGS = re.compile(
    r"fail|scam|fraud|boycott|never|worst|broken|shame|help|recall|danger|betrug|abzocke|kaputt|nie_?wieder|skandal|hilfe|vorsicht"
    r"|estafa|verguenza|fraude|nunca|boicot|arnaque|honte|scandale|jamais|disappoint|rip_?off|sucks|hate|kundenservice"
)


def _unlinked(reading: Reading, readable: Readable) -> str:
    """Folded, each link one NUL: where it stood still matters. Without the site's name."""
    text = LINK.sub(lambda m: "\x00".ljust(len(m.group())), reading.folded)
    if not readable.page_title:
        return text
    return blank(text, (m.span() for m in _SITE.finditer(reading.legible.text)))


def _bare(text: str) -> str:
    """Without repost marks, credits, handles and hashtags."""
    text = _CREDIT.sub(" ", _MARK.sub(" ", text))
    spans = [m.span() for p in (HANDLE, HASHTAG) for m in p.finditer(text)]
    return re.sub(
        r"(?<!\w)(?:via|cc|by|von|por|par)\s*$",
        " ",
        blank(text, spans).replace("\x00", " ").rstrip(),
    )
