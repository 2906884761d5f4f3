"""French."""

from responder.triage.lexicon.signals import Signal, lexicon

_Q = r"(?:si|s'il\w*|comment|ce que|ce qui|quels?|quelles?|ou|quand|qui|pourquoi|combien|a quoi|d'ou)"
_START = r"(?:(?<=^)|(?<=[.!?,;:(\n-])|(?<=[.!?,;:(\n-] ))(?:(?:et|mais|bonjour|bonsoir|salut|alors|du coup|svp|pardon),? )?"
_PRODUCT = r"(?:service|qualite|experience|produit|livraison|societe|appli|application|entreprise|support|emballage|sav|accueil|mise a jour)"

FRENCH = lexicon(
    "fr",
    strong={
        Signal.ASKS: (
            r"(?:je|on|nous) (?:me|se|nous) (?:\w+ )?demand\w+|(?:aimerais|aimerions|voudrais|voudrions|souhaite\w*|souhaiterais|voulais|cherche\w*|j'aurais (?:\w+ )?(?:aime|voulu)|curieu\w+ de|interessant de|besoin de|envie de) (?:\w+ )?(?:a )?(?:savoir|connaitre|comprendre|demander)",
            rf"(?:sais|sait|savons|comprends|comprend|comprenons|vois|trouve|trouvons|arrive)(?: \w+){{0,2}} (?:pas|plus|nulle part)(?: \w+){{0,3}},? {_Q}|(?:pas|jamais) (?:\w+ )?(?:clair|sur|sure|certain|certaine|precise|explique|indique|dit)(?: \w+)? {_Q}",
            rf"(?:savoir|comprendre|expliquer|dire|preciser|trouver) {_Q}|quelqu'un (?:sait|peut|pourrait|a|aurait|connait)|une (?:idee|astuce|explication|piste) (?:sur|pour)?|des conseils",
            r"(?:pouvez|pourriez|peux|pourrais|peut|pourrait)(?:-vous|-tu|-on)?(?: \w+){0,4} (?:dire|expliquer|aider|preciser|indiquer|conseiller|confirmer|renseigner|eclairer|montrer|repondre)|merci de (?:me |nous )?(?:dire|preciser|repondre|confirmer|m'indiquer)|dites[- ](?:moi|nous)|expliquez[- ](?:moi|nous)",
            rf"{_START}(?:comment|ou|quand|pourquoi|combien|qui|quel|quelle|quels|quelles|que|qu'est-ce|est-ce|a quoi|depuis quand) ?(?:que|qu'|est|sont|puis|peut|peux|faire|faut|fait|dois|doit|trouver|ca|on|y|je|vous|c'est|modele|taille|difference|de temps|se|marche|fonctionne|s')?",
            rf"{_START}(?:est-il|y a-t-il|existe-t-il|peut-on|puis-je|avez-vous|faut-il|est-ce que|savez-vous|c'est possible|ca marche)",
            r"(?:j'ai|j'aurais|une|ma|seule|petite|la) (?:une )?(?:\w+ )?question(?: est|:|,| sur| a)?|(?:quelques|des) questions|besoin d'(?:aide|un conseil|informations?|une info)|aucune idee|reste a savoir|(?:ne|n') (?:\w+ )?(?:dit|precise|explique|mentionne|indique) (?:pas|nulle part|rien)",
        ),
        Signal.FAULT: (
            r"merci pour rien",
            r"(?:ne|n')? ?(?:fonctionne|marche|arrive|charge|s'allume|repond|demarre|s'ouvre|ferme|tient|repondent|marchent|fonctionnent)(?: \w+)? (?:pas|plus|jamais)|(?:pas|jamais|toujours pas|toujours rien|rien) (?:encore )?(?:recu|arrive|livre|eu de (?:reponse|nouvelles)|rembourse|repondu)|toujours rien|en panne|(?:plante|beugue|bugue|rame|se bloque) (?:\w+ )?(?:sans (?:arret|cesse)|toujours|souvent|depuis|encore|a chaque)",
            r"(?:casse[es]?|cassee?s?|abime\w*|endommage\w*|defectueu\w+|fissure\w*|raye\w*|dechire\w*|fuit|moisi\w*|incomplet\w*|hors service|fele\w*)",
            r"(?:j'attends|attends|attend|attendons|attente)(?: \w+){0,4} (?:depuis|toujours|encore|semaines?|jours?|mois)|depuis (?:\w+ ){1,3}(?:semaines|jours|mois)(?: \w+){0,4} (?:attends|rien|sans|aucun\w*)|sans (?:reponse|nouvelles)|personne (?:ne )?(?:\w+ )?(?:repond|aide|decroche)|aucune (?:reponse|nouvelle)",
            r"rembours\w+|reclam\w+|plainte|decu\w*|deception|decevant\w*|mecontent\w*|insatisfait\w*|furieu\w+|en colere|scandaleu\w+|inadmissible|inacceptable|honteu\w+|une honte|arnaque\w*|voleurs?|nul|nulle|nullissime|catastroph\w+|lamentable|deplorable|minable|perte de temps|argent jete|plus jamais|a fuir|je deconseille",
            rf"(?:mauvais\w*|pire|horrible|terrible|affreu\w+) (?:\w+ ){{0,2}}{_PRODUCT}|{_PRODUCT} (?:\w+ ){{0,3}}(?:nul|nulle|mauvais\w*|horrible|deplorable|lamentable|catastrophique|inexistant)",
            r"(?:debite\w*|facture\w*|preleve\w*)(?: \w+){0,3} (?:deux fois|en double|trop|a tort)|(?:mauvais|mauvaise) (?:article|taille|couleur|produit|commande|piece)|(?:plante|plantait|bugue|bug) (?:\w+ )?(?:sans cesse|toujours|tout le temps|a chaque)|il (?:manque|manquait) (?:\w+ ){0,2}(?:pieces?|vis|articles?)|(?:troisieme|deuxieme|seconde|quatrieme|3e|2e) (?:fois|colis|commande|appareil)|message d'erreur",
        ),
        Signal.DISAGREES: (
            r"(?:pas|ne suis pas|suis pas)(?: \w+){0,3} (?:d'accord|convaincu\w*)|en desaccord|desaccord|je conteste|vois (?:\w+ ){0,3}(?:differemment|autrement)|pas (?:du meme|de cet) avis|autre avis|je ne partage pas",
            r"(?:c'est|cela est|ceci est|est|sont|semble)(?: \w+){0,2} (?:faux|fausse|inexact\w*|incorrect\w*|errone\w*|trompeu\w+|un mythe|une erreur|simpliste|biaise\w*|contestable)|(?:n'est|ce n'est|est) pas (?:\w+ )?(?:vrai|exact|correct|juste)|vous (?:vous )?(?:trompez|oubliez|negligez|ignorez|confondez|exagerez)|tu (?:te trompes|oublies|confonds)|(?:l'article|l'auteur|le texte)(?: \w+){0,2} (?:oublie|ignore|neglige|confond|simplifie|exagere|omet|se trompe)|(?:petite |une )correction|(?:il y a|j'ai (?:trouve|releve|vu)) une(?: \w+)? (?:erreur|faute|coquille)|au contraire|contre-exemple|trop (?:simple|simpliste|optimiste|facile)|avec tout le respect|passe(?:z)? a cote",
            r"\d[\d.,]* ?(?:%|pour cent)?,? (?:et )?(?:non|pas) (?:pas )?\d|(?:non|pas) \d[\d.,]* ?(?:%|pour cent)?,? mais",
        ),
        Signal.LIKES: (
            r"(?:genial\w*|excellent\w*|super|magnifique\w*|formidable\w*|fantastique\w*|merveilleu\w+|parfait\w*|sublime\w*|superbe\w*|extraordinaire\w*|incroyable\w*|splendide\w*|remarquable\w*)",
            r"(?:j'adore|on adore|j'aime|nous aimons|ca me plait|me plait)|(?:bel|beau|belle|bon|bonne|tres bon|tres bonne|joli|jolie|interessant) (?:\w+ )?(?:article|travail|texte|idee|photo|video|conseil|conseils|page|blog|boulot|resume|sujet|publication)|article (?:tres )?(?:interessant|utile|clair)|pas mal|bien (?:fait|dit|joue|ecrit|explique|vu)|bravo|felicitations|continuez|chapeau|tout a fait d'accord|entierement d'accord|tellement vrai|tres (?:utile|interessant|interessante|beau|belle|bien|bon|bonne|clair|sympa|joli)",
        ),
        Signal.THANKS: (
            r"merci(?: beaucoup| bien| infiniment| a vous| mille fois)?|mille mercis|remerci\w+|reconnaissant\w*|mrc|thx",
        ),
        Signal.WANTS: (
            r"combien (?:ca )?(?:coute\w*|vaut)|c'est combien|quel (?:est le )?prix|prix\?|a quel prix|ou (?:\w+ ){0,4}(?:acheter|commander|trouver|l'acheter|se procurer|vend\w*)|(?:veux|voudrais|aimerais|souhaite) (?:\w+ )?(?:acheter|commander|l'acheter|en acheter)|en stock|disponible (?:en|a|au|chez)|livrez[- ]vous|vendez[- ]vous|en vente|vendu separement",
        ),
        Signal.SUGGESTS: (
            r"(?:vous|ils|on) (?:devriez|pourriez|devraient|pourraient|devrait|pourrait) (?:\w+ )?(?:ajouter|faire|mettre|proposer|inclure|envisager|ameliorer|permettre|utiliser|vendre|changer|donner)|(?:ce |ca |il )?serait (?:\w+ )?(?:bien|super|genial|top|utile|sympa|ideal|mieux|pratique|chouette)(?: de| d'| si| que)|suggestion|je (?:suggere|propose|recommande)|proposition|ajoutez|pourquoi ne pas|et si vous|dommage qu'il n'y ait pas",
        ),
        Signal.PARTNERS: (
            r"partenariat\w*|partenaires?|collabor\w+|cooperation|sponsor\w*|mecenat|travailler (?:ensemble|avec vous)|revendeur\w*|distributeur\w*|grossiste|fournisseur\w*|journaliste|interview\w*|vous inviter|article invite",
        ),
        Signal.ALARM: (
            r"(?:prend|pris|prit|prendre) feu|en feu|en flammes|explos\w+|(?:fume|fumait|fumee) (?:du|de la|sort\w*|a cote|pendant)|(?:de la|une) fumee|electrocut\w+|decharge electrique|brule\w* (?:la|le|les|ma|mon|mes|au)|brulures?|odeur de (?:brule|gaz)|sent le (?:brule|gaz)|(?:a l'|l')hopital|aux urgences|intoxi\w+|empoisonn\w+|reaction allergique|blesse\w*|saigne\w*|danger de mort|ambulance",
            r"suicid\w+|me tuer|mettre fin a mes jours|envie de mourir|veux mourir|automutil\w+|fuite de donnees|vol de donnees|pirate\w*|(?:donnees|commandes) d'(?:autres|un autre) (?:clients?|personnes?|utilisateurs?)|mon avocat|avocats?|action en justice|poursuites|porter plainte|porte plainte|tribunal|vous poursuivre",
        ),
        Signal.ABUSE: (
            r"(?:vous etes|t'es|tu es|bande d'|bande de|sales?|espece de|espece d') ?(?:\w+ ){0,3}(?:idiots?|imbeciles?|cons?|connards?|abrutis?|ordures?|minables?|debiles?|cretins?|incapables?|merdes?)|va te faire|allez vous faire|ta gueule|fermez[- ]la|creve|allez crever|fils de pute",
        ),
        Signal.GREETS: (
            r"bonjour(?: a tous| tout le monde)?|bonsoir(?: a tous)?|bonne (?:nuit|journee|soiree|annee|semaine)|bon (?:week-?end|lundi|dimanche|anniversaire|courage)|salut (?:a tous|tout le monde)|joyeux (?:noel|anniversaire)|joyeuses paques|mdr|ptdr|haha\w*|hihi\w*|a (?:demain|bientot)|qui d'autre",
        ),
        Signal.SHARES: (
            r"(?:regarde|regardez|lis|lisez) (?:ca|ceci)|c'est (?:celui|celle|l'article|le lien) dont|(?:tu dois|il faut) (?:lire|voir)|a lire|je partage|a partager",
        ),
        Signal.WARNS: (
            r"attention|mefiez-vous|mefiance|prudence|avertissement|n'achetez (?:pas|surtout pas)|evitez|ne (?:commandez|achetez|faites) (?:surtout )?pas",
        ),
        Signal.HURRY: (
            r"urgent\w*|urgence|au plus vite|des que possible|le plus (?:vite|rapidement) possible|tout de suite|immediatement|aujourd'hui|demain|ce soir|date limite|avant (?:lundi|mardi|mercredi|jeudi|vendredi|demain)|impossible de (?:me )?(?:connecter|acceder)",
        ),
        Signal.SOLVED: (
            r"(?:ca|cela|tout) (?:\w+ )?(?:marche|fonctionne) (?:maintenant|enfin|a nouveau|de nouveau)|(?:probleme|c'est) (?:est )?(?:resolu|regle)|(?:ca|cela) m'a (?:\w+ )?aide|pour (?:votre|ton|ta) (?:aide|reponse)",
        ),
        Signal.GOOD: (
            r"bon|bonne|bien|content\w*|heureu\w+|ravi\w*|utile\w*|interessant\w*|recommande|rapide|gentil\w*|sympa|joli\w*|mieux|aide|plaisir",
        ),
        Signal.BAD: (
            r"mal|mauvais\w*|pire|triste|enerv\w+|deteste|probleme\w*|erreur\w*|lent\w*|cher|chere|dommage|malheureusement|ridicule|moche|nul\w*|decu\w*|decevant\w*|casse\w*|honte\w*|horrible|inadmissible|inacceptable",
        ),
    },
    weak={
        Signal.DISAGREES: (
            r"mais|cependant|toutefois|pourtant|neanmoins|en revanche|d'un autre cote|bien que|plutot|en realite|en fait|au fond|or",
            r"a mon avis|selon moi|d'apres mon experience|je (?:ne )?(?:crois|pense) pas|je doute|a peine|guere|peut-etre|exemples?|comparaison|chiffres|statistique\w*|auteur\w*|article|texte|vous (?:dites|ecrivez|affirmez)|en pratique|demontr\w+|generalis\w+|simplement|non plus|distinguer|confond\w*|juste|argument\w*|affirm\w+|etudes?|preuves?|conclusion\w*|premisse|suppos\w+|critique\w*|problematique",
        ),
        Signal.ASKS: (
            r"(?:savoir|comprendre|expliquer|dire|voir|trouver|cherche\w*|demander|idee|clair|doute|interesse\w*|curieu\w+)(?: \w+){0,4} (?:si|comment|quel\w*|ou|quand|pourquoi|combien)",
        ),
        Signal.FAULT: (
            r"probleme\w*|lent\w*|cher|chere|retard\w*|erreur\w*|mal|pire|dommage|encore une fois|malheureusement|bug\w*",
        ),
        Signal.LIKES: (
            r"bon|bien|joli\w*|oui|wahou|utile\w*|interessant\w*|vrai|sympa|cool|beau|belle",
        ),
        Signal.ALARM: (r"avocat\w*|police|tribunal|fumee|feu|incendie|hopital",),
        Signal.WANTS: (r"prix|coute|acheter|commander|disponible",),
    },
)
