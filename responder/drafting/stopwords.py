"""Words too common to tell one passage from another, and endings that change no meaning. Folded."""

from functools import lru_cache

_EN = """a about again all also am an and any are as at be been but by can could did do does doing for from get got had has have having
he her here him his how i if in into is it it's its just let like me more my no not of on once one or our out over please she should
so some such than thank thanks that the their them then there these they this those to too up us very was way we were what when where
whether need needs use used using want possible able long else which who why will with would you your i'm i've don't doesn't know wonder anyone someone really still yes hi hello"""
_DE = """aber alle als also am an auch auf aus bei bin bis bist da damit dann das dass dem den der des die dies diese dieser doch du durch ein
eine einem einen einer es euch euer eure fur gibt hab habe haben hat hatte hier ich ihr im in ist ja jemand kann kein keine konnen
man mal mein meine mich mir mit nach nicht noch nur ob oder schon sehr sein sich sie sind so uber um und uns unser von vom war was
weiß wenn wer werden wie wir wird wo woher zu zum zur danke bitte frage gerne hallo wurde wurden mochte wissen brauche brauchen braucht geht moglich lange"""
_ES = """a al algo alguien alguna ante como con cual cuando cuanto de del desde donde el ella ellos en entre era es esa ese eso esta este esto
estan estoy fue ha hace hasta hay hola la las le les lo los mas me mi mis muy nada ni no nos o os para pero por porque puede pueden
puedo que quien quiero quisiera saber se ser si sin sobre son su sus tambien te tengo tiene tienen todo tu tus un una uno unos y ya
yo gracias favor pregunto gustaria necesito necesita posible usar hacer"""
_FR = """a ai alors au aussi aux avec avez bien bonjour c'est ca car ce cela ces cet cette comme comment dans de des du elle en encore est
et etre eu fait faut il ils j'ai je l la le les leur lui ma mais me meme merci mes moi mon ne nos notre nous on ou par pas peut plus
pour pourquoi quand que quel quelle quelqu'un qui sa sais sans se ses si son sont sur svp ta te tes toi ton tous tout tres tu un une
vos votre vous y savoir aimerais demande besoin possible utiliser"""
STOP_WORDS = frozenset(f"{_EN} {_DE} {_ES} {_FR}".split())

_ENDINGS_TEXT = {
    "en": "ments ment ings ing edly ies ied ed ers er es ly s",
    "de": "ungen ung lich isch ern est em en er es st te e n s",
    "es": "aciones acion mente adores ador ando iendo ados adas ado ada idos idas ido ida ar er ir os as es o a e s",
    "fr": "ements ement ations ation eront ees ee er ez es ent e s",
}
_ENDINGS = {language: tuple(text.split()) for language, text in _ENDINGS_TEXT.items()}
STEMMED = frozenset(_ENDINGS)
"""Languages whose endings are known; in all others words stay whole."""
_SHORTEST_STEM = 4


@lru_cache(maxsize=8192)
def stem(word: str, language: str) -> str:
    """The word without its ending: enough to let *lids* find *lid*."""
    for ending in _ENDINGS.get(language, ()):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word.rstrip("s") if language == "en" and len(word) == _SHORTEST_STEM else word
