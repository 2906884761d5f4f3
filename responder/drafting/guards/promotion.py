"""A draft helps; it never sells to somebody who did not ask what to buy."""

import re

from responder.drafting.guards.draft import Draft, Objection
from responder.engagement.legible import fold
from responder.engagement.model import Intent

NAME = "promotion/1"

_SELLS = re.compile(
    r"(?<!\w)(?:"
    r"(?:buy|order|shop|book|subscribe|sign up|upgrade|pre-?order|grab yours|get yours)(?: \w+){0,3} (?:now|today|here|yours|online|while stocks)"
    r"|(?:buy|purchase) (?:one|it|them|our|the|your|from us)|order (?:one|yours|from us)|special offers?|limited (?:time|offer|edition)|on sale|best price|great deals?|free (?:trial|shipping)|use (?:the )?(?:promo |discount )?code"
    r"|discounts?|coupons?|vouchers?|promo(?:tion)? codes?|\d+ ?(?:%|percent) (?:off|discount|rabatt|de descuento|de remise)|don't miss|check out our (?:shop|store|new|latest|range|products?|offers?)|visit our (?:shop|store)|unlike (?:other|our compet)\w*|better than (?:any )?(?:other|compet)\w*|act now|money-?back guarantee"
    r"|jetzt (?:kaufen|bestellen|buchen|zugreifen|sichern|shoppen|abonnieren)|(?:kauft|bestellt|kaufen sie|bestellen sie|bucht|buchen sie|sichert euch|sichern sie sich)(?: \w+){0,4} (?:jetzt|heute|hier|bei uns|unser\w*|gleich)|rabatt\w*|gutschein\w*|sonderangebot\w*|im angebot|schnappchen|nur (?:heute|fur kurze zeit)|aktionspreis\w*|zum sonderpreis|besucht unseren shop|kostenlose[rn]? (?:versand|probe\w*)"
    r"|(?:compra|compre|compren|pide|pida|reserva|reserve|suscribete)(?: \w+){0,3} (?:ya|ahora|hoy|aqui|online|el tuyo)|descuentos?|cupon(?:es)?|oferta especial|ofertas?|en oferta|rebajas|envio gratis|codigo promocional|visita nuestra tienda|aprovecha"
    r"|(?:achetez|commandez|reservez|abonnez-vous|profitez)(?: \w+){0,3} (?:maintenant|aujourd'hui|ici|vite|en ligne|le votre|de)|remises?|soldes|code promo|bons? de reduction|offre speciale|promotions?|livraison gratuite|visitez notre boutique"
    r")(?!\w)"
)
_PRICE = re.compile(
    r"[$\u20ac\u00a3] ?\d|\d(?:[.,]\d+)? ?(?:[$\u20ac\u00a3]|(?:eur|euros?|usd|dollars?|pounds?|dolares|chf)(?!\w))"
)
_CAMPAIGN = re.compile(
    r"utm_|[?&](?:ref|aff|affiliate|coupon|gclid|fbclid)=|(?<!\w)#(?:ad|sale|deal|promo)(?!\w)"
)
_ASKS_PRICE = re.compile(
    r"(?<!\w)(?:prices?|costs?|how much|how expensive|discounts?|coupons?|vouchers?|offers?|buy|order|preise?|kostet|kosten|wie teuer|wieviel|rabatt\w*|gutschein\w*|kaufen|bestellen"
    r"|precios?|cuesta\w*|cuanto|descuentos?|comprar|prix|coute\w*|combien|remises?|acheter|commander)(?!\w)"
)


def check(draft: Draft) -> Objection | None:
    text = fold(draft.text)
    if _CAMPAIGN.search(text):
        return Objection("promotion", "The draft carried a campaign's tag.")
    if _is_asked(draft):
        return None
    if _SELLS.search(text) or _PRICE.search(text):
        return Objection("promotion", "The draft advertised, and nobody had asked.")
    return None


def _is_asked(draft: Draft) -> bool:
    asked = Intent.PURCHASE_INTEREST in draft.intents
    return asked or _ASKS_PRICE.search(fold(draft.comment)) is not None
