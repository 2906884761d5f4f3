"""German."""

from responder.triage.lexicon import mishaps
from responder.triage.lexicon.signals import Signal, lexicon

_W = r"(?:ob|wie|was|welche[rsnm]?|wo|woher|wohin|wann|wer|wen|wem|warum|wieso|weshalb|wofur|womit|woran|wieviel|wie viel)"
_START = r"(?:(?<=^)|(?<=[.!?,;:(\n-])|(?<=[.!?,;:(\n-] ))(?:(?:und|aber|also|ok|hallo|hi|hey|moin|servus),? )?"
_PRODUCT = r"(?:service|kundenservice|kundendienst|support|qualitat|erfahrung|produkt|lieferung|laden|firma|app|update|verpackung|kommunikation|verarbeitung|bedienung)"

GERMAN = lexicon(
    "de",
    strong={
        Signal.ASKS: (
            rf"(?:frage|fragen|fragte|gefragt|uberlege|uberlegen|gruble) (?:ich )?(?:mich|uns|mir|wir)(?: \w+){{0,4}},? {_W}",
            rf"(?:frage|fragen|fragte) (?:mich|uns)(?: \w+){{0,3}},? {_W}|frage mich",
            rf"(?:wurde|mochte|wollte|will|hatte|wuerde|moechte)(?: \w+){{0,5}} (?:gern|gerne|wissen|erfahren|fragen|verstehen|horen)(?: \w+){{0,2}},? {_W}",
            rf"(?:wissen|erfahren|verstehen|herausfinden|rausfinden|erklaren|sagen|verraten|horen),? {_W}",
            r"(?:wurde|mochte|wollte|hatte|wuerde|moechte)(?: \w+){0,4} gerne? (?:\w+ )?(?:gewusst|wissen|erfahren)|(?:wollte|wollten)(?: \w+){0,3} (?:mal )?fragen|(?:mich|uns) (?:\w+ )?wurde(?: \w+){0,3} interessieren|wusste(?:n)? (?:\w+ ){0,3}gerne?|interessieren wurde (?:mich|uns)|wurde (?:mich|uns)(?: \w+)? interessieren|interessiert (?:mich|uns),? ",
            rf"(?:weiß|weiss|wissen|verstehe|verstehen|finde|sehe|kapiere|kenne|begreife)(?: \w+){{0,3}} nicht(?: \w+){{0,2}},? {_W}",
            r"finde(?: \w+){0,3} (?:nirgends|nirgendwo|keine|keinen|kein) (?:\w+ )?(?:hinweis|angaben?|anleitung|info|infos|information\w*|einstellung|option|knopf|moglichkeit|antwort)?",
            rf"(?:nicht|un) ?(?:\w+ )?(?:klar|sicher|schlussig)(?: \w+){{0,2}},? {_W}|mir ist (?:\w+ )?(?:unklar|nicht klar)|bin (?:mir )?(?:\w+ )?unsicher|ratlos",
            r"(?:weiß|weiss) (?:jemand|wer|einer)|(?:kennt|hat|kann|konnte|wei(?:ß|ss)) (?:jemand|einer|irgendjemand|irgendwer|wer)|jemand (?:eine idee|einen tipp|erfahrung)|hat wer",
            r"(?:konnt|konnen|konntet|konnten|kannst|konntest|kann|koennt|koennen|koenntet) (?:ihr|sie|du|man|jemand)(?: \w+){0,4} (?:sagen|erklaren|helfen|verraten|zeigen|empfehlen|mitteilen|beschreiben|bestatigen|weiterhelfen)",
            r"(?:bitte|kurz) (?:\w+ )?(?:um hilfe|erklaren|um (?:info|auskunft|aufklarung|ruckmeldung))|sagt (?:mir|uns) (?:bitte|mal|bescheid)|gebt (?:mir|uns) bescheid|brauche (?:\w+ )?(?:hilfe|rat|einen tipp)|suche (?:\w+ )?(?:hilfe|rat|info\w*|eine moglichkeit|eine anleitung)",
            rf"{_START}(?:wie|was|wo|woher|wann|wer|warum|wieso|weshalb|welche[rsnm]?|wofur) (?:kann|konnen|muss|soll|sollte|ist|sind|war|macht|geht|funktioniert|lange|oft|viel|viele|bekomme|finde|komme|stelle|wird|werden|hat|haben|passiert|mache|bedeutet)",
            rf"{_START}(?:gibt es|geht das|kann ich|kann man|konnen wir|muss ich|muss man|darf ich|darf man|lasst sich|funktioniert das|ist es moglich|habt ihr|haben sie|sind die|passt das)",
            r"(?:eine|noch eine|kurze|meine|die|einzige) (?:\w+ )?frage(?: (?:ist|ware|dazu|hatte|habe|bleibt|noch|an))?[:,. ]|(?:hatte|habe|haben|hatten)(?: \w+){0,4} (?:frage|fragen)|ein paar fragen|offen bleibt,? |unklar (?:ist|bleibt)",
            rf"(?:mir |uns )?fehlt (?:mir |uns )?(?:\w+ ){{0,4}}(?:info|information|angabe|hinweis|antwort)\w*,? ?(?:ab |seit |bis )?{_W}|(?:neugierig|gespannt),? {_W}|(?:nicht|nirgends|nirgendwo) (?:\w+ )?(?:erwahnt|erklart|beschrieben|angegeben)|(?:habt|haben) (?:ihr|sie) (?:\w+ )?(?:vielleicht|eventuell|schon|auch|einen|eine)|ob (?:das|es|man|ich|wir|ihr|der|die|sich|so|auch|eine?r?) (?:\w+ ){{1,8}}(?:geht|gibt|kann|passt|funktioniert|ist|sind|konnte|konnt|habt|lohnt|klappt|darf|muss|lasst)",
            rf"steht (?:\w+ ){{0,3}}(?:nicht|nichts|nirgends)(?: \w+){{0,2}},? ?(?:{_W})?|keine ahnung,? {_W}|keine ahnung|schade, dass nicht erklart",
        ),
        Signal.FAULT: (
            r"danke fur (?:gar )?nichts|na danke|na vielen dank auch",
            r"(?:funktioniert|geht|ging|ladt|startet|klappt|lauft|offnet|verbindet|reagiert|passt|halt|funktionierte)(?: \w+){0,8} (?:nicht|nie|gar nicht|uberhaupt nicht)(?: mehr)?|funktionier\w* nichts|(?:lasst|ließ|lassen) sich(?: \w+){0,4} nicht|halt(?: \w+){0,2} (?:keine|nur|gerade mal|kaum)|(?:war|ist|wurde) (?:\w+ )?anders (?:versprochen|beschrieben|abgebildet)",
            r"(?:kaputt\w*|defekt\w*|gebrochen|zerbrochen|zerkratzt|beschadigt\w*|undicht|gerissen|abgebrochen|ausgelaufen|verschimmelt|schimmel\w*|zersprungen|mangelhaft\w*|fehlerhaft\w*|verbogen|verbeult)",
            r"(?:nie|nicht|noch nicht|immer noch nicht|bis heute nicht|nichts)(?: \w+){0,3} (?:angekommen|erhalten|bekommen|geliefert|eingetroffen|gekommen|verschickt|gehort|zuruckbekommen|erstattet|beantwortet|gemeldet)",
            r"(?:immer noch|noch immer|bis heute|seit (?:\w+ ){1,2}(?:wochen?|tagen?|monaten?|stunden))(?: \w+){0,5} (?:nichts|keine?n?|nicht|warte\w*|kaputt|vergeblich)|warte(?:n)? (?:\w+ ){0,3}(?:seit|schon)|seit (?:\w+ ){1,2}(?:wochen|tagen|monaten) (?:warte|kein|keine)",
            r"(?:geld|betrag|kosten)(?: \w+){0,2} zuruck(?:haben|bekommen|erstatt\w*)?|ruckerstattung|erstattung|reklam\w+|beschwer\w+|umtausch\w*",
            r"entspricht (?:\w+ ){0,3}nicht|ausfall|ausgefallen|nicht (?:\w+ )?in ordnung|darf (?:\w+ ){0,6}nicht (?:passieren|sein|vorkommen)|das (?:zweite|dritte|vierte|funfte|2\.|3\.) mal|(?:lost|losen|loste) sich|legt (?:\w+ ){0,2}auf|unmoglich(?=!)|bezahlt (?:\w+ )?und (?:\w+ ){0,3}(?:bekomme|erhalte|kriege|bekam|erhielt)|abgewimmelt|falsch beraten|nicht wie (?:beschrieben|abgebildet|bestellt)",
            r"arger(?:e|n|t|te)? (?:mich|uns)|(?:sehr |echt |wirklich |einfach )?argerlich|nervt (?:\w+ )?(?:nur|mich|gewaltig|total|langsam)|nachgelassen|streikt|spinnt|ruckelt|tropft|klemmt|quietscht|wackelt|stinkt|eingelaufen|verfarbt|abgefarbt|uberteuert|warteschleife|standardantwort\w*|zu spat|verspatet\w*|unvollstandig\w*|vertrostet|hingehalten|im stich gelassen|allein(?:e)? gelassen|(?:reicht|langt) es (?:mir|uns)|(?:mir|uns) reicht(?:'s| es)?|nase voll|habe genug|geduld (?:ist )?am ende|zu wunschen ubrig|nichts wert|leere versprech\w*|so nicht(?=!|$)|nicht mehr (?:feierlich|normal|lustig|tragbar)|gek(?:u|ue)rzt|nicht zu gebrauchen|unbrauchbar\w*|nicht erreichbar|unterste schublade",
            r"(?:geht|gehen|ging|gingen|loste|lost|fiel|fallt|fallen)(?: \w+){0,6} (?:auf|ab|kaputt|verloren|auseinander)(?=[.,!]|$)|(?:zwei|eine|1|2) nummern? (?:zu )?(?:klein|groß|kleiner|großer)|(?:kaum|nicht) (?:zu )?(?:erreichen|arbeiten|benutzen|gebrauchen)|kann (?:\w+ ){0,3}nicht (?:arbeiten|nutzen|benutzen|bestellen|bezahlen|einloggen|anmelden)|(?:dreimal|viermal|mehrfach|mehrmals|zweimal) (?:\w+ )?(?:geschrieben|angerufen|gemailt|nachgefragt|reklamiert)",
            r"enttausch\w*|unzufrieden\w*|verargert|stinksauer|frechheit|unverschamt\w*|unmoglich(?:es|er|e)? (?:verhalten|service)|unzumutbar|inakzeptabel|eine zumutung|zumutung|armutszeugnis|katastrophe|katastrophal\w*|saftladen|abzocke|betrug|verarsch\w*|nie wieder|nie mehr|finger weg|geldverschwendung|rausgeschmissenes geld",
            rf"(?:schlecht\w*|mies\w*|furchtbar\w*|schrecklich\w*|grottig\w*|grauenhaft\w*|unterirdisch\w*|mangelhaft\w*|unfreundlich\w*|lausig\w*|miserabel|miserable\w*) (?:\w+ ){{0,2}}{_PRODUCT}",
            rf"{_PRODUCT}(?: \w+){{0,3}} (?:schlecht|mies|furchtbar|schrecklich|grottig|grauenhaft|unterirdisch|mangelhaft|eine katastrophe|unfreundlich|lausig|miserabel|ein witz|nicht erreichbar)",
            r"(?:falsche[nrs]?) (?:artikel|große|farbe|produkt|teil|ware|bestellung|lieferung)|(?:falsch|doppelt|zweimal|zu viel) (?:geliefert|berechnet|abgebucht|belastet)|abgebucht",
            r"(?:sturzt|sturzte)(?: \w+){0,4} ab|absturz\w*|fehlermeldung|hangt sich(?: \w+){0,3} auf|(?:niemand|keiner)(?: \w+){0,4} (?:antwortet|meldet|reagiert|ran|erreichbar|zustandig|hilft|interessiert)|(?:keine|nie eine) (?:antwort|ruckmeldung|reaktion)",
            r"(?:zum|schon das|bereits das) (?:\w+ )?(?:dritten?|zweiten?|vierten?) mal|zum wiederholten mal|(?:dritte|zweite|vierte|dritter|zweiter)[nrs]? (?:paket|lieferung|ersatz\w*|gerat|versuch) (?:\w+ ){0,5}(?:kaputt|defekt|mit|ohne)|(?:fehlt|fehlen|fehlte|fehlten) (?:\w+ ){0,3}(?:schraube\w*|teil\w*|stuck|artikel|zubehor|anleitung|deckel|kabel)|schrott|mist|mull",
            r"(?:nach|schon nach) (?:nur )?(?:\w+ )?(?:einer?|zwei|drei|\d+|wenigen) (?:tag|tagen|woche|wochen|monat|monaten|waschen?|benutzung\w*|mal)(?: \w+){0,4} (?:kaputt|defekt|gebrochen|gerissen|den geist|auseinander|hin)",
        ),
        Signal.MISHAP: mishaps.GERMAN,
        Signal.DISAGREES: (
            r"(?:stimme|stimmen)(?: \w+){0,6} nicht(?: \w+){0,2} (?:zu|uberein)|widersprech\w*|widerspruch|nicht (?:\w+ )?einverstanden|sehe (?:ich )?(?:das |es |die sache )?(?:\w+ ){0,3}anders|anderer meinung|anderer ansicht|nicht(?: \w+){0,2} (?:uberzeugt|uberzeugend)|uberzeugt mich (?:\w+ )?nicht",
            r"(?:das|dies|es|was|die (?:zahl|aussage|these|behauptung|angabe|grafik|rechnung|schlussfolgerung)|der (?:artikel|vergleich|beitrag|schluss)|hier)(?: \w+){0,5} (?:stimmt(?: \w+)? nicht|nicht richtig|nicht korrekt|falsch|unrichtig|irrefuhrend|ein fehler|ein irrtum|ein mythos|nicht wahr|unsinn|quatsch|veraltet|zu kurz)",
            r"stimmt (?:so |einfach |leider |aber |doch )*nicht|ist (?:so |schlicht |schlichtweg |leider |sachlich |einfach )*(?:falsch|unrichtig|nicht korrekt|nicht richtig)|trifft (?:\w+ ){0,2}nicht zu|greift (?:\w+ )?zu kurz|zu kurz gedacht|(?:stark |zu )?vereinfach\w*|einseitig\w*|ubersieht|ubersehen|verkennt|verwechsel\w*|ignorier\w*|unterschlag\w*|ubertreib\w*|blendet (?:\w+ ){0,3}aus|vergisst|vergesst",
            r"(?:kleine|kurze) (?:korrektur|anmerkung|richtigstellung)|korrektur:|richtig(?:er)? (?:ware|muss es|musste es|heißt)|fehler (?:im|in der|gefunden|entdeckt|eingeschlichen)|im gegenteil|gegenbeispiel|gegenargument|bei allem respekt|das gegenteil|hinkt|nicht haltbar|advocatus",
            r"\d[\d.,]* ?(?:%|prozent)?,? (?:und )?nicht \d|nicht \d[\d.,]* ?(?:%|prozent)?,? sondern|sind es (?:\w+ )?(?:nur )?\d",
        ),
        Signal.LIKES: (
            r"(?:toll\w*|super|klasse|spitze|prima|genial\w*|hervorragend\w*|ausgezeichnet\w*|wunderbar\w*|wunderschon\w*|fantastisch\w*|perfekt\w*|herrlich\w*|großartig\w*|grossartig\w*|mega|sehr gut\w*|bestens|top|begeistert|beeindruckend\w*|inspirierend\w*|traumhaft\w*)",
            r"(?:schone[rsn]?|guter?|gutes|gute|interessanter?|interessantes|spannender?|spannendes|hilfreicher?|hilfreiches|lesenswerter?) (?:\w+ )?(?:beitrag|artikel|text|bild|foto|video|idee|arbeit|tipp|tipps|seite|blog|zusammenfassung|anleitung|gedanke\w*|sache)",
            r"(?:liebe|lieben|liebt|mag|gefallt|gefallen)(?: \w+){0,3} (?:es|das|diese\w*|euch|eure\w*|mir|uns|sehr)|nicht (?:schlecht|ubel)|gut (?:gemacht|geschrieben|erklart|zusammengefasst)|weiter so|hut ab|respekt(?! ,)|gluckwunsch|gratul\w*|daumen hoch|volle zustimmung|stimme (?:voll |ganz |absolut )*zu|so ist es|genau so|auf den punkt",
            r"(?:sehr|echt|richtig|total|super|wirklich|unglaublich) (?:hilfreich|nutzlich|schon|gut|interessant|lecker|zufrieden|nett|freundlich|spannend|cool)",
        ),
        Signal.THANKS: (
            r"danke\w*|dank(?:e?schon|eschoen)?|vielen dank|herzlichen dank|besten dank|merci|thx|dankbar|bedank\w*",
        ),
        Signal.WANTS: (
            r"was kostet|wie (?:viel|teuer)|wieviel kostet|preis(?:e|liste)?\?|was kosten|zu welchem preis|wie hoch ist der preis",
            r"wo (?:kann|konnte|konnen|bekomme|kriege|gibt|kauf\w*)(?: \w+){0,4} (?:kaufen|bestellen|bekommen|her|es|erhalten|erwerben|zu kaufen)|wo (?:bekomme|kriege) ich|(?:mochte|wurde|will|wollte)(?: \w+){0,5} (?:kaufen|bestellen|erwerben|vorbestellen)",
            r"lieferbar|vorratig|auf lager|ausverkauft|(?:liefert|verschickt|versendet|verkauft) ihr|einzeln (?:zu )?(?:kaufen|erhaltlich|bestell\w*)|erhaltlich|zu verkaufen|wann (?:kommt|gibt|ist) (?:\w+ ){1,5}(?:raus|verfugbar|wieder|zu kaufen)",
        ),
        Signal.SUGGESTS: (
            r"(?:ihr|sie|man|du) (?:solltet|konntet|sollten|konnten|sollte|konnte|solltest|konntest|koenntet)(?: \w+){1,8} (?:anbieten|machen|hinzufugen|einbauen|erganzen|einfuhren|uberlegen|verbessern|lassen|nutzen|verwenden|andern|geben|bauen)|(?:ware|waere) (?:\w+ ){0,3}(?:schon|toll|super|gut|hilfreich|praktisch|klasse|cool|besser|prima|schoen),? (?:wenn|falls)|(?:schon|toll|super|gut|hilfreich|praktisch|klasse|cool|besser) (?:ware|fande ich)(?: \w+)?,? (?:wenn|ein|eine|es)",
            r"vorschlag\w*|anregung\w*|verbesserungs\w+|(?:mein|unser|ein) (?:wunsch|tipp an)|wunsch(?:e|en)? (?:ich |wir )?(?:mir|uns)|wie ware es mit|warum nicht (?:\w+ ){0,3}(?:einfach|auch)|bringt (?:\w+ ){1,5}(?:zuruck|wieder)|bitte (?:\w+ ){0,5}(?:einfuhren|hinzufugen|anbieten|erganzen|einbauen|zuruckbringen)|wurde (?:\w+ ){1,6}(?:ersparen|erleichtern)",
        ),
        Signal.PARTNERS: (
            r"kooperation\w*|zusammenarbeit\w*|zusammen ?arbeiten|partner(?:schaft\w*)?|sponsor\w*|gastbeitrag|wiederverkauf\w*|handler werden|großhandel|lieferant\w*|presseanfrage|journalist\w*|interview\w*|vortrag halten|(?:laden|einladen) (?:wir |ich )?(?:sie|euch)",
        ),
        Signal.ALARM: (
            r"(?:fangt|fing|geriet|gerat|steht|stand)(?: \w+){0,4} (?:feuer|brand|flammen)|explodier\w*|(?:raucht|rauchte|qualmt|qualmte)|(?:rauch|qualm) (?:aus|kam|kommt|steigt|stieg)|(?:kam|kommt|stieg|steigt|drang)(?: \w+){0,3} (?:rauch|qualm|feuer|flammen)|stromschlag|verbrannt|verbrennung\w*|brandgefahr|brandgeruch|verschmort\w*|geschmolzen|lebensgefahr\w*|(?:riecht|roch|stinkt) (?:\w+ )?nach gas|gasgeruch",
            r"verletzt|krankenhaus|notaufnahme|notarzt|vergift\w*|blutet\w*|allergische\w* (?:reaktion|schock)|verschluckt|glassplitter|splitter im",
            r"suizid\w*|selbstmord\w*|umbringen|mir das leben nehmen|will nicht mehr leben|sterben will|ritze mich|selbst verletz\w*",
            r"datenleck\w*|datenpanne|datendiebstahl|gehackt|(?:daten|bestellungen|adressen) (?:von |der )?(?:anderen?|anderer|fremden?|fremder) (?:kunden|nutzer|leute\w*|personen)?|(?:mein|unser|zum|einen|den) anwalt|rechtsanwalt|anwaltlich|rechtliche schritte|verklag\w*|klage ein\w*|anzeige (?:erstatt\w*|bei)|(?:erstatte|stelle) (?:\w+ )?anzeige|verbraucherschutz\w*|verbraucherzentrale|strafanzeige",
        ),
        Signal.ABUSE: (
            r"(?:ihr|du|sie|seid|bist|verdammte[nr]?|ihr seid) (?:\w+ ){0,3}(?:idioten?|vollidioten?|deppen?|trottel|arschlocher|arschloch|abschaum|wichser|versager|dreckspack|dreck|pack|schweine|penner|hirnlosen?|untermenschen)|verpiss\w*|fick(?:t|en)? (?:euch|dich)|halt(?:et)? (?:die|das) (?:fresse|maul)|verreckt?|geht sterben|bring dich um",
        ),
        Signal.GREETS: (
            r"guten (?:morgen|abend|tag)|gute nacht|hallo (?:zusammen|alle|leute|aus)|moin(?: moin| zusammen)?|schones wochenende|schonen (?:tag|abend|feierabend|sonntag)|frohe (?:ostern|weihnachten)|frohes neues|liebe gruße|viele gruße|gruße aus|wer noch|haha\w*|hihi\w*|lol|bis (?:morgen|spater|dann|bald)",
        ),
        Signal.SHARES: (
            r"(?:das|den|die) (?:meinte|meine) ich|musst (?:du|ihr) (?:dir |euch )?(?:\w+ )?(?:lesen|sehen|ansehen|anschauen)|schau(?:t)? (?:mal|dir|euch)|guck(?:t)? mal|lest (?:mal|das)|lesenswert|lesetipp|habe (?:das |es )?geteilt|teile (?:das|ich)|weitersagen",
        ),
        Signal.WARNS: (
            r"vorsicht|achtung|aufgepasst|passt auf|finger weg|warnung|warne|nicht (?:kaufen|bestellen|benutzen)|leute, (?:pruft|passt|achtet|kauft)|kauft (?:das |da |dort )?(?:bloß )?nicht",
        ),
        Signal.HURRY: (
            r"dringend\w*|eilig|eilt|sofort|umgehend|so(?:bald| schnell) (?:wie )?moglich|schnellstmoglich\w*|heute(?: noch| abend)?|morgen fruh|bis (?:morgen|montag|dienstag|mittwoch|donnerstag|freitag|heute)|(?:kurs|termin|veranstaltung|urlaub) (?:\w+ )?(?:beginnt|startet|ist) (?:\w+ )?(?:morgen|heute)|frist|ausgesperrt|deadline|asap|komme (?:\w+ ){0,3}nicht (?:\w+ )?(?:rein|ins? (?:konto|account))",
        ),
        Signal.SOLVED: (
            r"(?:hat|haben)(?: \w+){0,4} (?:geholfen|geklappt|funktioniert|gelost)|(?:klappt|funktioniert|geht|lauft|tut)(?: \w+)? (?:jetzt|wieder|nun)|(?:jetzt|nun) (?:klappt|funktioniert|geht|lauft)|problem (?:ist )?(?:gelost|behoben)|fur die (?:schnelle|rasche|nette|gute) (?:hilfe|antwort)",
        ),
        Signal.GOOD: (
            r"gut|schon|schones|nett|froh|zufrieden|geholfen|hilfreich|nutzlich|interessant|empfehlen\w*|empfehlenswert|lecker|cool|freundlich|schnell|zuverlassig|gern|gerne|freut|freue|beste[nrs]?",
        ),
        Signal.BAD: (
            r"schlecht\w*|schlimm\w*|schade|traurig\w*|arger\w*|argerlich|nervt|nervig|furchtbar|schrecklich|leider|problem\w*|falsch\w*|kaputt\w*|defekt\w*|enttausch\w*|langsam|teuer|lacherlich|peinlich|unfreundlich|mies\w*|sauer|wutend|hasse|katastroph\w*|mist|schrott|frech\w*|unverschamt\w*|unzufrieden",
        ),
    },
    weak={
        **mishaps.GERMAN_HINTS,
        Signal.DISAGREES: (
            r"aber|jedoch|allerdings|obwohl|dennoch|trotzdem|andererseits|hingegen|vielmehr|sondern|tatsachlich|in wirklichkeit|eigentlich|dagegen",
            r"meiner (?:meinung|erfahrung|ansicht) nach|aus meiner (?:sicht|erfahrung)|(?:glaube|denke|finde|meine) (?:ich )?(?:\w+ ){0,2}nicht|bezweifle|zweifel\w*|kaum|these|verlaub|anekdot\w*|verallgemeiner\w*|vergleich\w*|beispiel\w*|zahlen|statistik\w*|autor\w*|artikel|beitrag|folgt|ursache|zwar|dennoch|immerhin|freilich|eher|wohl|vielleicht|in die irre|in der praxis|unterscheid\w*|einordnung|begrund\w*|sie schreiben|ihr schreibt|du schreibst|behaupt\w+|argument\w*|belege?|studie\w*|schlussfolger\w+|pramisse|annahme\w*|fehlschluss|kritisch\w*|problematisch",
        ),
        Signal.ASKS: (
            r"ob|(?:wissen|verstehen|erklaren|sagen|sehen|horen|finden|fragen|fragt|frage|klar|idee|suche|interessiert)(?: \w+){0,4},? (?:wie|was|warum|wo|woher|wann|welche[rsnm]?|wieso)",
        ),
        Signal.FAULT: (
            r"problem\w*|leider|schlecht\w*|langsam|teuer|fehler|verspatet\w*|verspatung|schade|argerlich|nervt|schon wieder|nicht zufrieden|nicht (?:schon|gut|ok|in ordnung)|mies\w*",
        ),
        Signal.LIKES: (
            r"gut|schon|nett|cool|ja|wow|hilfreich|interessant|richtig|stimmt|gefallt|freut|freue|spannend|informativ",
        ),
        Signal.ALARM: (r"anwalt|polizei|gericht|rauch|feuer|brand|gehackt",),
        Signal.WANTS: (r"preis|kostet|kosten|kaufen|bestellen|verfugbar",),
    },
)
