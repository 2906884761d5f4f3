"""Commercial words, and the words of a compliment that fits everywhere. Folded, four languages."""

_HARD = """
casino, casinos, online casino, poker, slots, slot, betting, sportsbook, gambling, lottery, blackjack, roulette, judi, togel,
viagra, cialis, levitra, tramadol, xanax, phentermine, pharmacy, pills, cbd, cbd oil, kratom, vape, keto, steroids, botox, weight loss,
diet pills, fat burner, slimming, payday, payday loans, payday loan, loans, cash advance, cash loans, personal loan, insurance, car insurance,
life insurance, mortgage, mortgages, refinance, credit repair, credit card, credit cards, debt consolidation, debt relief, tax relief, forex, binary options, crypto trading,
bitcoin trading, trading signals, trading bot, seo, seo services, seo service, seo company, seo agency, seo expert, backlinks, backlink, link building,
guest posting, web traffic, website traffic, buy followers, followers, web hosting, hosting, vps, domain names, web design, website design, logo design,
digital marketing, marketing agency, internet marketing, affiliate marketing, email marketing, app development, software development company,
make money, make money online, earn money, earn online, work from home, online jobs, passive income, get rich, mlm, replica, replicas, replica watches,
rolex, handbags, louis vuitton, outlet, coupon, coupons, coupon codes, promo code, promo codes, discount code, vouchers, wholesale, dropshipping,
escort, escorts, escort service, call girls, dating site, dating sites, online dating, hookup, adult webcam, essay writing, essay writers, essay writer, write my essay, dissertation,
assignment help, term papers, homework help, locksmith, locksmiths, plumber, plumbers, plumbing, roofing, roofers, movers, moving company, limo, limousine, carpet cleaning, pest control,
garage door repair, real estate, realtor, condos, plastic surgery, dental implants, teeth whitening, hair transplant, hair extensions, personal injury lawyer, injury lawyer, dui lawyer, divorce lawyer, law firm,
solar panels, window replacement, appliance repair, car rental, rent a car, car hire, airport transfer, travel deals, cheap flights, vacation rentals, timeshare, iptv, vpn, software keys, mattress reviews, tarot, psychic, psychic reading,
printing services, packers and movers, laptop repair, phone repair, mobile repair, data recovery, visa services, immigration consultants,
kredit, kredite, sofortkredit, kredit ohne schufa, kreditvergleich, versicherung, versicherungen, versicherungsvergleich, autoversicherung, krankenversicherung, baufinanzierung, schlusseldienst, umzugsunternehmen, entrumpelung, rohrreinigung, gutschein, gutscheine, gutscheincode, rabattcode,
spielautomaten, sportwetten, potenzmittel, abnehmen, geld verdienen, geld verdienen im internet, online marketing agentur, werbeagentur, webdesign, autoankauf, goldankauf, ghostwriter, hausverwaltung, detektei, kammerjager, suchmaschinenoptimierung,
prestamos, prestamo, creditos, creditos rapidos, prestamos rapidos, seguros, seguro de coche, apuestas, apuestas deportivas, casino online, perder peso, adelgazar, ganar dinero, ganar dinero online, cerrajero, cerrajeros, fontanero, fontaneros, mudanzas, posicionamiento web, diseno web, marketing digital, agencia de marketing, alquiler de coches, inmobiliaria, cupones, codigo descuento, codigos de descuento, vuelos baratos, videncia,
rachat de credit, credit rapide, pret, prets, pret personnel, assurance, assurance auto, mutuelle, voyance, serrurier, plombier, demenagement, casino en ligne, paris sportifs, perdre du poids, maigrir, gagner de l'argent, code promo, codes promo, referencement, referencement naturel, agence web, creation de site, location de voiture, immobilier, rencontre en ligne, site de rencontre, maroquinerie pas chere
"""
HARD = tuple(phrase.strip() for phrase in _HARD.replace("\n", " ").split(","))
"""One is enough in a name, a signature or an address."""

_BARGAIN = """buy cheap cheapest cheaper discount discounted discounts affordable bestselling purchase
    gunstig gunstige gunstiger gunstigste billig billige billiger kaufen angebote rabatt rabatte
    comprar barato barata baratos baratas ofertas descuento descuentos
    acheter promo promos achat soldes"""
BARGAIN = frozenset(_BARGAIN.split())
"""With any other word, an offer."""

_SOFT = """best top online free deals deal services service company agency store shop shopping sale sales quotes quote reviews review
    rental rentals rent hire repair repairs price prices pricing professional solutions experts expert pros consultants consulting supplier suppliers
    manufacturer manufacturers ltd inc llc gmbh near me delivery installation cleaning contractor contractors clinic hotel hotels tours
    flights tickets watches shoes sneakers sunglasses jewelry furniture mattress mattresses laptops phones cars tires kitchen
    download downloads games apk streaming movies course courses training certification
    preis preise preisvergleich vergleich test testsieger bestellen angebot dienst dienste agentur kostenlos reisen urlaub hotel handy mobel schuhe uhren
    tienda servicio servicios empresa precio precios gratis oferta venta alquiler hoteles viajes zapatos relojes
    boutique magasin prix gratuit vente location comparateur comparatif devis entreprise voyage voyages chaussures montres meilleur meilleurs
    meilleure mejor mejores beste besten dubai mumbai delhi london miami toronto dallas houston chicago"""
SOFT = frozenset(_SOFT.split())
"""Two of them make an offer; one alone may be anybody's."""

_BLAND = """a about while searching searched surfing browsing news lieben lieber nach suche stumbled across today's yesterday fortunate lucky happened happen somehow anyway facing issues experiencing looks look old different choice colors colours similar reason regular regularly every weblogs excited absolutely actually admin after again all already also always am amazing an and any anyone appreciate appreciated are article articles
    as at author awesome back be beautiful because been being best better bit blog blogs blogger blogging bookmark bookmarked bookmarking book marked brilliant but by can
    check checking come comes coming content contents continue cool could curious day days definitely delighted did do does doing done each easy effort efforts else enjoy enjoyed enjoying
    especially ever every everyone everything excellent extremely family fan fantastic fastidious finally find finding fine first for forward found friend friends from future gained get getting give
    giving glad go going good gr8 great greatly group had happy hard has have having hello help helped helpful helps her here hey hi highly his hope how i i'd i'll i'm i've idea ideas if
    impressed impressive in indeed info information informative informations insight insights insightful inspiring interesting internet into is it it's its job just keep kind knew know knowledge last learn learned
    learning let like liked lot lots love loved lovely luck made make makes making man many marvelous me mean moment more most much must my mine nice never new next now of off on once one ones online or other others our
    out outstanding over page pages part people perfect person piece pleasure point points post posted posting posts pretty provide provided providing publish quality quite read reader readers reading real really recommend recommended regards
    regarding related remarkable resource resources right same saw say see seen share shared shares sharing she should simply since site sites skilled skills so some someone something soon stuff subject such super superb sure surely take
    terrific than thank thanks thanx that that's the their them then there there's these they thing things think this those thought thoughts thx time times tip tips to today too topic topics totally truly try ty u up update updates
    updated us useful user using valuable very via video view visit visited visiting visitor visitors want was way we web weblog webpage website websites week well were what when where which while who will wish with wonderful wonderfully work
    works worth would wow amazed astonishing beneficial blown brill clear clearly concise commendable cover covered detailed details elaborate engaging enlightening entertaining exceptional explain explained explaining explanation fresh fully genuinely greetings handy honest honestly humbled incredible incredibly inspiration inspired magnificent might moments must-read original phenomenal place piece present presented putting rss research researched reference sense several side simple sound specifically spot standard stumbled style subscribe subscribed surprised talented terrifically thorough understand understandable unique usually value wealth whole wise within without wondrous layout design theme looking found google yahoo bing search social media twitter facebook tweet followed follow follower write writer writers writing written wrote yes you you're you've your yours yourself dear sir buddy dude mate bro guys guy team keep going cheers kudos bravo congrats thumbs bless god fabulous
    danke dank tollen tolles schoner schonem guten interessanten spannenden hilfreichen informativen hervorragend hervorragende hervorragender ausgezeichnet ausgezeichneter ausgezeichnete perfekt wunderbar wunderbarer wunderbare genial genialer geniale lesenswert lesenswerter nett netter nette aufschlussreich aufschlussreicher kompliment daumen hoch freut gelungen gelungene gelungener sache idee ideen eurem eurer euren ihrem ihren ihrer ihre ihr deinem deiner deinen dank's vielen herzlichen besten toll tolle toller tolles super klasse prima sehr schon schone schoner schones gut gute guter gutes guten interessant interessante interessanter interessantes spannend spannende spannender hilfreich hilfreiche hilfreicher
    beitrag beitrage artikel blog seite seiten website webseite text texte post inhalt inhalte informationen information infos info informativ informative informativer tipp tipps arbeit weiter so weiterhin mach macht machen gemacht ich du ihr wir sie er es mir mich dir euch uns mein
    meine dein deine eure euer der die das den dem des ein eine einen einem einer und oder aber auch nur noch mal hier da dort fur mit von vom zu zum zur im in auf an am aus bei bin bist ist sind war waren habe hat haben hatte wird werde werden kann konnte
    wirklich echt richtig ganz total gerne gern gelesen lesen lese geschrieben schreiben gefallt gefallen gefunden finde immer wieder viel viele mehr dieser diese dieses diesen diesem wie was wenn dass komme kommen besuchen besuch teilen geteilt lob respekt liebe grusse
    gruß gruße freue mich schau schaue vorbei bald alles gelernt thema freunden weiterempfehlen empfehlen empfehle lesezeichen
    gracias muchas mil por el la los las un una unos unas de del al y o pero tambien muy mucho mucha muchos bien buen bueno buena buenos buenas gran excelente excelentes genial increible interesante interesantes util utiles articulo articulos post blog pagina
    sitio web contenido informacion compartir compartirlo comparte aporte trabajo felicidades felicitaciones enhorabuena saludos sigue sigan asi adelante me te se lo le nos os mi tu su sus que en con para es son esta este esto estos ha he has han encanta
    encanto gusta gusto gustado leer leido leyendo leo siempre todo todos todas gente amigos ayuda ayudo ayudado mas hola dia visitar volvere recomiendo aprendi aprendido consejos tema
    merci beaucoup pour le la les un une des du de d l ce cet cette ces et ou mais aussi tres bien bon bonne bons super genial excellent excellente interessant interessante utile utiles article articles blog site page contenu partage partager informations
    information infos bravo felicitations continue continuez comme ca c'est est sont etait j'ai j'aime j'adore je tu il elle nous vous on mon ton votre vos ton travail beau belle joli jolie lire lu lecture toujours tout tous toute qui que avec sur dans plus
    vraiment bonjour salut jour plaisir revenir reviendrai conseils conseil sujet amis recommande appris d'avoir l'article l'information l'info cordialement"""
_ADJECTIVES = """toll schon gut super interessant spannend hilfreich informativ lesenswert wunderbar ausgezeichnet
hervorragend genial klasse nett lieb herzlich gelungen aufschlussreich nutzlich wertvoll grossartig großartig fantastisch
beeindruckend inspirierend verstandlich ausfuhrlich freundlich best viel weiter neu"""
_GERMAN_ENDINGS = ("", "e", "er", "es", "en", "em")
BLAND = frozenset(_BLAND.split()) | {
    word + ending for word in _ADJECTIVES.split() for ending in _GERMAN_ENDINGS
}
"""A compliment made of these alone says nothing about the matter."""
