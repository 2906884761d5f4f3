"""What surrounds a quotation in the template writer's replies, per language. Written by hand."""

from collections.abc import Mapping
from dataclasses import dataclass

from responder.engagement.model import Motive

Variants = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    openings: Mapping[Motive, Variants]
    thanked: Variants
    """The whole reply to somebody who thanks."""
    praised: Variants
    """The whole reply to somebody who likes something."""
    closings: Variants
    more: str
    """Before the address."""


_ENGLISH = Phrases(
    openings={
        Motive.TO_LEARN: ("Good question.", "Thank you for asking.", "Glad you ask."),
        Motive.TO_GET_HELP: (
            "Let us try to get this working.",
            "Sorry that this is in your way.",
            "That should not be difficult; let us help.",
        ),
        Motive.TO_BE_HEARD: (
            "Thank you for telling us plainly.",
            "We hear you, and we take this seriously.",
            "Thank you for taking the time to write this down.",
        ),
        Motive.TO_WARN: (
            "Thank you for the warning; we take it up.",
            "Thank you for pointing this out to everyone.",
        ),
        Motive.TO_PROPOSE: (
            "Thank you for the idea.",
            "Thank you, we like to hear proposals.",
        ),
        Motive.TO_BELONG: ("Good to have you here.", "Nice to read from you."),
        Motive.TO_THANK: ("Thank you for the kind words.", "That is good to hear, thank you."),
        Motive.UNKNOWN: ("Thank you for your comment.", "Thank you for writing."),
    },
    thanked=(
        "Glad it helped!",
        "You are welcome, we are glad that it helped.",
        "With pleasure. Thank you for letting us know!",
    ),
    praised=(
        "Thank you, that makes our day!",
        "Thank you for the kind words, we will pass them on.",
        "We are delighted that you like it. Thank you!",
    ),
    closings=(
        "If that does not answer it, just say so here.",
        "Ask again if something is missing.",
        "Tell us here if it is still unclear.",
    ),
    more="More about it:",
)
_GERMAN = Phrases(
    openings={
        Motive.TO_LEARN: ("Gute Frage.", "Danke für die Frage.", "Schön, dass du fragst."),
        Motive.TO_GET_HELP: (
            "Das bekommen wir hoffentlich hin.",
            "Es tut uns leid, dass das im Weg steht.",
            "Dabei helfen wir gern.",
        ),
        Motive.TO_BE_HEARD: (
            "Danke für die offenen Worte.",
            "Wir hören das und nehmen es ernst.",
            "Danke, dass du dir die Zeit dafür genommen hast.",
        ),
        Motive.TO_WARN: (
            "Danke für die Warnung, wir gehen dem nach.",
            "Danke, dass du alle darauf hinweist.",
        ),
        Motive.TO_PROPOSE: ("Danke für die Idee.", "Danke, über Vorschläge freuen wir uns."),
        Motive.TO_BELONG: ("Schön, dass du hier bist.", "Schön, von dir zu lesen."),
        Motive.TO_THANK: ("Danke für die freundlichen Worte.", "Das hören wir gern, danke."),
        Motive.UNKNOWN: ("Danke für deinen Kommentar.", "Danke fürs Schreiben."),
    },
    thanked=(
        "Gern geschehen, schön, dass es geholfen hat!",
        "Das freut uns, danke für die Rückmeldung!",
        "Sehr gern. Danke, dass du uns Bescheid gibst!",
    ),
    praised=(
        "Danke, das freut uns sehr!",
        "Vielen Dank für die freundlichen Worte, wir geben sie weiter.",
        "Schön, dass es dir gefällt. Danke!",
    ),
    closings=(
        "Wenn das nicht weiterhilft, sag es einfach hier.",
        "Frag gern nach, wenn etwas fehlt.",
        "Melde dich hier, wenn es noch unklar ist.",
    ),
    more="Mehr dazu:",
)
_SPANISH = Phrases(
    openings={
        Motive.TO_LEARN: ("Buena pregunta.", "Gracias por preguntar."),
        Motive.TO_GET_HELP: (
            "Vamos a intentar resolverlo.",
            "Sentimos que esto te lo ponga difícil.",
            "Te ayudamos con mucho gusto.",
        ),
        Motive.TO_BE_HEARD: (
            "Gracias por decirlo con claridad.",
            "Lo leemos y lo tomamos en serio.",
        ),
        Motive.TO_WARN: (
            "Gracias por el aviso; nos ocupamos de ello.",
            "Gracias por avisar a todos.",
        ),
        Motive.TO_PROPOSE: ("Gracias por la idea.", "Gracias, nos gusta recibir propuestas."),
        Motive.TO_BELONG: ("Qué bien tenerte por aquí.", "Qué bien leerte."),
        Motive.TO_THANK: ("Gracias por tus amables palabras.", "Nos alegra leerlo, gracias."),
        Motive.UNKNOWN: ("Gracias por tu comentario.", "Gracias por escribirnos."),
    },
    thanked=(
        "¡De nada, nos alegra que haya servido!",
        "¡Gracias a ti por contarlo!",
        "Con mucho gusto. ¡Gracias por avisarnos!",
    ),
    praised=(
        "¡Muchas gracias, nos alegra mucho!",
        "Gracias por tus palabras, se las pasamos al equipo.",
        "Nos alegra que te guste. ¡Gracias!",
    ),
    closings=(
        "Si esto no lo aclara, dínoslo aquí.",
        "Pregunta de nuevo si falta algo.",
    ),
    more="Más información:",
)
_FRENCH = Phrases(
    openings={
        Motive.TO_LEARN: ("Bonne question.", "Merci pour la question."),
        Motive.TO_GET_HELP: (
            "Essayons de résoudre cela.",
            "Nous regrettons que cela vous bloque.",
            "Nous vous aidons volontiers.",
        ),
        Motive.TO_BE_HEARD: (
            "Merci de nous le dire franchement.",
            "Nous vous lisons et nous prenons cela au sérieux.",
        ),
        Motive.TO_WARN: (
            "Merci pour l'alerte, nous nous en occupons.",
            "Merci de prévenir tout le monde.",
        ),
        Motive.TO_PROPOSE: ("Merci pour l'idée.", "Merci, nous aimons les propositions."),
        Motive.TO_BELONG: ("Contents de vous lire ici.", "Bienvenue parmi nous."),
        Motive.TO_THANK: ("Merci pour vos mots.", "Cela fait plaisir à lire, merci."),
        Motive.UNKNOWN: ("Merci pour votre commentaire.", "Merci de nous écrire."),
    },
    thanked=(
        "Avec plaisir, nous sommes ravis que cela ait aidé !",
        "De rien, merci de nous le dire !",
    ),
    praised=(
        "Merci beaucoup, cela nous fait très plaisir !",
        "Merci pour vos mots, nous les transmettons à l'équipe.",
    ),
    closings=(
        "Si cela ne suffit pas, dites-le simplement ici.",
        "N'hésitez pas à redemander s'il manque quelque chose.",
    ),
    more="Pour en savoir plus :",
)

PHRASES: Mapping[str, Phrases] = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "es": _SPANISH,
    "fr": _FRENCH,
}
