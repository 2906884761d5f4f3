"""How people tell that something went wrong without a word of complaint: by what happened to them.

Four kinds, in each language: a loss, a failure, a delay, a hope that came to nothing. The verb alone
says little (*died*, *gone*, *came*), so each pattern asks for more: whose it was, what state it is
in, what it came after, what had been promised. What people lose and nobody caused is left out:
weight, time they enjoyed, those they loved. Folded text, as in `signals`.

What happens has no end of words, so beside the patterns stand three lists, each of which says little:
what people have to do with us (an order, an app), what runs counter (*not*, *still*, *closed*), and
whom it concerns (*my*, *your*). All three in one comment are a guess at a complaint, no more.
"""

from collections.abc import Mapping

from responder.triage.lexicon.signals import Signal

Words = Mapping[Signal, tuple[str, ...]]

_KIN = (
    r"(?:mother|father|mum|mom|dad|parents?|wife|husband|partner|son|daughter|child|baby|brother|sister"
    r"|grand\w+|gran|granny|aunt|uncle|cousin|friends?|neighbou?rs?|dog|cat|horse|pet|job|weight|mind|heart"
    r"|count|track|interest|patience|\w+ (?:pounds|kilos?|kg|lbs|stone|inches|sizes?))"
)
_THIS_IS_MINE = rf"(?:my|our|all|everything|half|every|most of)(?! (?:\w+ ){{0,2}}{_KIN}\b)"
_CAME = (
    r"(?<!i )(?<!we )(?<!you )(?<!they )(?<!rain )(?<!snow )(?<!spring )(?<!summer )"
    r"(?:came|comes|arrived|arrives|reached (?:me|us)|got here|got to (?:me|us)|showed up|turned up|was (?:sent|delivered|shipped))"
)

ENGLISH = (
    # A loss.
    rf"(?:i|we)(?:'ve| have|'d| had)? (?:just |now |already )?lost (?:\w+ ){{0,2}}(?:(?:all|most|half)(?: of)? )?(?:my|our|the whole|everything|an? (?:whole |full |entire )?(?:day|week|weekend|month|morning|afternoon|night|season|year)|(?:two|three|four|several|\d+) (?:days|weeks|months|years|hours))(?! (?:\w+ ){{0,2}}{_KIN}\b)",
    rf"{_THIS_IS_MINE} (?:\w+ ){{0,4}}(?:died|rotted|vanished|disappeared|wilted|spoiled|(?:is|are|was|were) (?:\w+ )?(?:dead|gone|lost|ruined|wiped|erased|deleted|destroyed))(?! (?:out|to|on|for|with|through|up))",
    r"(?:wiped|erased|deleted|ruined|destroyed|killed|overwrote|swallowed|ate) (?:out )?(?:all |half |most )?(?:of )?(?:my|our|everything|all the|the (?:whole|entire|lawn|plants?)|(?:two|three|four|several|\d+) (?:days|weeks|months|years))",
    r"(?:all|everything)(?:'s| is| was| are)? gone(?= ?(?:again)? ?(?:[.,!]|$))|had (?:all )?(?:vanished|disappeared)",
    r"(?:seedlings?|plants?|seeds|bulbs|roses|tomatoes|cuttings) (?:\w+ )?(?:all )?(?:died|rotted|wilted) (?:\w+ ){0,2}(?:within|after|in|on)(?! (?:october|november|december|the winter|winter|old))",
    # A failure.
    r"nothing (?:happens|happened|works|came of it)(?! to| in| on)|(?:goes|went|stays|stayed|turns|turned|remains|remained) (?:just |all |simply |totally |completely |suddenly )?(?:blank|black|white|dead|dark|grey|gray|silent|frozen)(?= |[.,!]|$)",
    r"(?:came|comes|fell|falls) (?:off|loose|apart|undone)|(?:gave|gives) (?:up|out)(?= ?[.,!]| (?:after|on|within|in) |$)|packed (?:it )?in",
    r"(?:is|was|are|were) (?:\w+ )?(?:dead|empty|flat|blunt|dry|useless) (?:again )?(?:after|within|in|by) (?:\w+ ){0,2}(?:uses?|days?|weeks?|hours?|minutes?|months?|noon)",
    r"(?:have|had) to (?!admit|say|read|laugh|smile|tell)(?:\w+ ){1,6}(?:again|each|every|manually|twice|over and over)",
    r"(?:was|worked|been) (?:\w+ )?fine until|worked (?:for|once) (?:\w+ ){0,3}(?:and|then)",
    # A delay.
    rf"{_CAME} (?:\w+ ){{0,5}}(?:after (?:the|my|our|her|his|that|it|we|i)\b|too late)",
    r"(?:days?|weeks?|hours?|months?) (?:after|later than) (?:you|it was|it should|the (?:promised|announced|agreed))",
    r"by the time (?:you|it|they|your|this|an?|the (?:answer|reply|parcel|package|order|email|mail|warning|alert))",
    r"(?:ordered|booked|bought|paid|requested|asked|wrote|registered)(?: \w+){0,6} (?:in|on|since|before) \w+[^.!?]{0,40}[.,;!-] (?:and )?(?:it is|it's|it's now|now it's|it is now|today is) (?:\w+ )?(?:january|february|march|april|may|june|july|august|september|october|november|december|\w+day)",
    # A hope that came to nothing.
    r"(?:expect(?:ed|ing)?|hop(?:ed|ing) for) (?:so |so much |much |a lot |far |way |something |a bit )?(?:more|better)(?! (?:of the same|like this|posts|to come))",
    r"(?:you|they|it|(?:the|your) (?:\w+ )?(?:ad|advert|box|label|page|description|website|site|shop|seller|support|manual)) (?:say|says|said|promises?|promised|claims?|claimed|advertised?|states?|stated|told (?:me|us))[^.!?]{3,80}[.,;!-] ?(?:but |and |well,? )?(?:it|they|this|that|there|mine)(?:'s| is| was| are| were| does| did| do| has)?(?:n't| not| never)(?! (?:only|just))",
    r"so much for (?:the|your|that|a|\w+ing)|(?:then|until|but when) (?:i|we) (?:opened|unpacked|tried|installed|used|plugged|switched)",
    r"(?:not (?:one|a single)|without (?:a|any|one)(?: single)?|never (?:a|any|got an?)|zero) (?:\w+ )?(?:answer|reply|response|apology|refund|sign of life|word back)",
)

_NAHE = (
    r"(?:mutter|vater|mama|papa|eltern|mann|frau|sohn|tochter|kind|bruder|schwester|oma|opa|großmutter|großvater"
    r"|onkel|tante|freund\w*|hund|katze|kater|job|kilos?|pfund|gewicht|uberblick|faden|lust)"
)
_BIS_DAHIN = rf"(?:(?!{_NAHE}\b)\w+ ){{0,6}}"

GERMAN = (
    # A loss.
    rf"(?:hab\w*|hatte\w*) (?:ich|wir) {_BIS_DAHIN}verloren|(?:ich|wir) (?:hab\w*|hatte\w*) {_BIS_DAHIN}verloren",
    rf"(?:mein|unser)\w* {_BIS_DAHIN}(?:verschwunden|geloscht|futsch|eingegangen|verfault|vertrocknet|verdorben|ruiniert|zerstort|hinuber|hin|weg)(?= ?[.,!]|$)",
    r"(?:ist|sind|war|waren) (?:\w+ ){0,2}(?:all\w*|samtliche|meine|unsere|die ganze|das ganze|der ganze) (?:\w+ ){0,3}(?:verschwunden|geloscht|futsch|eingegangen|verfault|vertrocknet|verdorben|ruiniert|hinuber|hin|weg)(?= ?[.,!]|$)",
    r"all\w* (?:\w+ ){0,3}(?:sind|ist|waren|war) (?:\w+ ){0,2}(?:verschwunden|geloscht|futsch|eingegangen|verfault|vertrocknet|verdorben|ruiniert|hinuber|hin|weg)(?= ?[.,!]|$)",
    r"(?:ist|sind|war|waren) (?:\w+ ){0,4}(?:eingegangen|verfault|vertrocknet|futsch|hinuber)",
    r"(?:hat|haben) (?:mir |uns )?(?:mein|unser|all|die ganze|das ganze|den ganzen|einfach)\w* (?:\w+ ){0,4}(?:geloscht|ruiniert|zerstort|uberschrieben|verschluckt|vernichtet|umgebracht)",
    # A failure.
    r"(?:bleibt|blieb) (?:\w+ ){0,4}(?:schwarz|leer|weiß|dunkel|stumm|hangen|stehen)(?= ?[.,!]|$)|(?:passiert|passierte|geschieht|tut sich) (?:\w+ ){0,2}(?:nichts|nix)|nichts (?:passiert|geschieht)(?= ?[.,!]|$)",
    r"(?:den|seinen) geist aufgegeben|gibt den geist auf|gab den geist auf|nach (?:nur |schon |gerade )?(?:\w+ ){1,2}(?:tag\w*|woche\w*|monat\w*|stunde\w*|minute\w*) (?:\w+ ){0,3}(?:leer|tot|stumpf|hinuber|hin)(?= ?[.,!]|$)",
    r"(?:muss|musste|mussen) (?:\w+ ){0,4}(?:jedes ?mal|jeden \w+|jede \w+|standig|immer wieder|schon wieder|erneut|dauernd) (?:\w+ ){0,3}\w+(?= ?[.,!]|$)",
    # A delay.
    r"(?<!ich )(?<!wir )(?:kam|kamen|kommt|kommen|erreichte (?:mich|uns)|traf|trafen)(?! (?:ich|wir|gleich|bald|endlich))(?: \w+){0,5} (?:nach (?:dem|der|den|meine\w*|unsere\w*|ihre\w*|weihnachten|ostern)|zu spat)",
    r"bis (?:ihr|sie|du|eure|ihre|die antwort|das paket|die lieferung|die warnung|jemand) (?:\w+ ){0,5}(?:kam|kamen|geantwortet|gemeldet|reagiert|da war|geschickt|geliefert)",
    r"(?<!nie )(?<!nicht )(?:viel |leider |einfach )zu spat",
    # A hope that came to nothing.
    r"(?:mehr|besseres|anderes) (?:(?!als )\w+ ){0,2}(?:erwartet|erhofft|versprochen)|(?:von|davon) (?:\w+ )?mehr (?:erwartet|erhofft|versprochen)",
    r"von wegen|angeblich|(?:versprochen|versprecht|verspricht|hieß es|steht)[^.!?]{0,60}[.,;!-] ?(?:aber |nur |doch )?(?:\w+ ){0,3}(?:nicht|nichts|keine?\w*|nie)(?= |[.,!]|$)",
    r"(?:keine|nicht eine|ohne) (?:einzige )?(?:antwort|ruckmeldung|reaktion|entschuldigung)",
)

_CERCANOS = (
    r"(?:madre|padre|mama|papa|padres|marido|mujer|esposa|esposo|hij[oa]|herman[oa]|abuel[oa]|ti[oa]|prim[oa]"
    r"|amig[oa]s?|perr[oa]|gat[oa]|trabajo|kilos?|peso|kg|libras|nocion|cuenta|miedo|\w+ kilos)"
)

SPANISH = (
    # A loss.
    rf"(?:perdi|perdimos|he perdido|hemos perdido)(?! (?:a |de )?(?:\w+ ){{0,2}}{_CERCANOS}\b)(?= (?:tod[oa]s?|mis?|nuestr[oa]s?|la|el|las|los|un|una|dos|tres|\d+) )",
    r"se (?:me|nos) (?:han? )?(?:perdi\w+|perdido|borr\w+|muri\w+|muert[oa]|pudri\w+|podrido|seco|secaron|secado|estrope\w+|rompi\w+|rot[oa])",
    r"(?:borro|borraron|ha borrado|elimino|eliminaron|arruino|arruinaron|destrozo|destrozaron|mato|mataron)(?: \w+){0,2} (?:mis?|nuestr[oa]s?|tod[oa]s?|la lista|el jardin|los datos)",
    r"(?:desaparecio|desaparecieron|han desaparecido|ha desaparecido)(?: \w+){0,2} (?:mis?|nuestr[oa]s?|tod[oa]s?)|(?:mis?|nuestr[oa]s?|tod[oa]s?) (?:\w+ ){0,4}(?:desaparec\w+|han desaparecido|borrad[oa]s?|murieron|se secaron|se pudrieron)",
    # A failure.
    r"(?:y|pero|boton) (?:ya )?no (?:pasa|paso|ocurre|ocurrio|sucede|sucedio|hace) nada|se (?:queda|quedo|quedan) (?:\w+ )?(?:en blanco|en negro|negr[oa]|blanc[oa]|colgad[oa]|congelad[oa]|parad[oa]|pillad[oa]|muert[oa])",
    r"(?:dejo|dejaron) de (?!llover|nevar|soplar|fumar|hacer frio|ser)\w+r(?= ?[.,!]| \w|$)|(?:dura|duro|aguanto|aguanta) (?:solo|apenas|nada)|se (?:descargo|agoto|acabo) (?:a|en) (?:la|las|los|un|una)",
    r"(?:tengo|tenemos|tuve) que (?:\w+ ){1,5}(?:otra vez|de nuevo|cada (?:vez|dia|manana|semana)|todos los dias|a mano|manualmente)",
    # A delay.
    r"(?<!yo )(?:llego|llegaron|ha llegado|vino|aparecio|aviso|avisaron)(?: \w+){0,5} (?:despues de (?!la lluvia)|(?:dias?|semanas?|horas?|meses) despues|tarde|cuando ya)",
    r"cuando (?:respond\w+|contest\w+|llego|llegaron|me llamaron|avisaron)(?: \w+){0,4} ya|(?<!nunca es )demasiado tarde",
    # A hope that came to nothing.
    r"(?<!que )(?:esperaba|esperabamos|esperabas) (?:\w+ )?(?:mas|algo mejor|otra cosa|mejor)",
    r"(?:prometieron|prometisteis|prometen|dijeron|decian|dicen|decia|dice|ponia|pone)[^.!?]{3,70}(?: y|,? pero|[,.;]) (?:\w+ )?(?:no|sigo|seguimos|nada|nunca|todavia|aun)(?= |[.,!]|$)|supuestamente",
    r"(?:sin|ni) (?:ninguna |una (?:sola )?|siquiera una )?(?:respuesta|contestacion|disculpa|solucion)",
)

ENGLISH_HINTS: Words = {
    Signal.DEALS: (
        r"order(?:s|ed)?|customers?|service|stores?|shop|paid|pay|bought|purchased?|website|site|online|account|card|app|phone",
        r"deliver\w*|returns?|returned|support|response|tickets?|bill|invoice|charge[ds]?|book(?:ed|ing)|upgrade|updates?|updated|version",
        r"install\w*|download\w*|refund\w*|replace\w*|repair\w*|warranty|product|item|parcel|package|box|device|battery|screen|button",
        r"power|login|password|subscri\w+|cancel\w*|contact(?:ed)?|emails?|emailed|called|helpline|staff|driver|flight|train|bus|room",
        r"meal|soup|coffee|course|lessons?|sent|size|shoes|shirts?|dress|laptop|printer|game|internet|connection|wifi|guide|manual|map",
        r"warning|alert|reminder|newsletter|calendar|tool|seeds|seedlings|settings|coupon|voucher|redesign|letters?|office",
    ),
    Signal.MISHAP: (
        r"not|no|none|never|nothing|nobody|cannot|(?:can|do|does|did|is|was|wo|have|has|had|could|are|were)n?'t|cant|dont|still|yet",
        r"only|without|again|hours?|days|weeks|months|times|twice|instead|despite|supposed to|issues?|trying|keeps?|wrong|missing",
        r"refused|declined|rejected|denied|ignored|closed|shut|cold|late|early|earlier|slow|stuck|left|empty|silent|lost|puddle|ran",
    ),
    Signal.CONCERNS: (r"i|i'm|i've|i'd|my|me|mine|we|we've|we're|our|us|your?|you've|you're",),
}
GERMAN_HINTS: Words = {
    Signal.DEALS: (
        r"bestell\w*|kund\w+|service|laden|shop|bezahl\w*|zahl(?:e|te|en|ung)|gekauft|kauf\w*|webseite|seite|konto|karten?|app|handy|telefon",
        r"liefer\w*|geliefert|paket\w*|retoure\w*|support|hotline|antwort\w*|ticket\w*|rechnung\w*|abgebucht|bucht|buchung|gebucht|update|version",
        r"install\w*|download|ersatz\w*|reparatur|garantie|produkt\w*|artikel|gerat\w*|akku|bildschirm|taste|knopf|passwort|abo\w*|kundig\w*|gekundigt",
        r"mail\w*|angerufen|mitarbeiter\w*|fahrer\w*|flug|zug|bus|zimmer|essen|suppe|kaffee|kurs\w*|schuhe|hemd\w*|kleid|drucker|spiel|internet|verbindung",
        r"warnung|erinnerung|kalender|werkzeug|samen|setzlinge|einstellungen|gutschein\w*|eintrittskarten?|anleitung|waschen",
    ),
    Signal.MISHAP: (
        r"nicht|kein\w*|nie|niemand|nichts|noch|erst|nur|ohne|wieder|weiter|stunden|tage|wochen|monate|mal|statt|trotz|eigentlich|problem\w*|falsch\w*",
        r"fehlt\w*|abgelehnt|verweigert|ignoriert|geschlossen|zu|kalt|spat|fruh|langsam|leer|stumm|verloren|nass|regen|ausgegangen",
    ),
    Signal.CONCERNS: (r"ich|mein\w*|mir|mich|wir|uns|unser\w*|ihr|euer|eure\w*|ihre\w*|sie",),
}
SPANISH_HINTS: Words = {
    Signal.DEALS: (
        r"pedid\w*|pedi|client\w+|servicio|tienda|pag(?:o|ue|ado|ar|ando)|compr(?:e|a|ado|amos)|pagina|web|cuenta|tarjeta|app|aplicacion|movil|telefono",
        r"entreg\w*|envi\w*|paquete|devol\w*|soporte|respuesta|entradas?|billetes?|factura|cobr\w*|reserva\w*|actualizacion|version",
        r"instal\w*|descarg\w*|reembols\w*|repar\w*|garantia|producto|articulo|aparato|bateria|pantalla|boton|contrasena|suscripcion|de baja|cancel\w*",
        r"correo\w*|llam(?:e|amos|ado)|personal|conductor|vuelo|tren|bus|habitacion|comida|sopa|cafe|curso|zapatos|camisa|vestido|impresora|juego|conexion",
        r"aviso|recordatorio|calendario|herramienta|semillas|ajustes|cupon|guia|manual",
    ),
    Signal.MISHAP: (
        r"no|nunca|nada|nadie|ningun\w*|todavia|aun|solo|sin|otra vez|siguen?|sigo|horas?|dias|semanas|meses|veces|minutos|en vez|a pesar|problemas?",
        r"equivocad\w*|falta\w*|rechaz\w*|ignor\w*|cerrad[oa]s?|fri[oa]s?|tarde|antes|lent[oa]|vaci[oa]|perdid\w*|mojad\w*|de mas",
    ),
    Signal.CONCERNS: (r"yo|mis?|me|nos|nuestr\w+|su|sus|tu|tus|vuestr\w+|usted\w*",),
}
