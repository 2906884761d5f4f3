"""What people write, and what must come out. Every text, name and brand here is invented.

One list per row of what the first version must understand; several voices and languages each.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    author: str = "Mira Sol"
    title: str | None = None
    url: str | None = None


PACKAGING = "How we halved our packaging | Arbor Notebook"
REPAIR = "Why people repair: five lessons from a small workshop"

REPOSTS = (
    Said("RT @arbor: How we halved our packaging https://arbor.example/p/12", title=PACKAGING),
    Said("RT @arbor How we halved our packaging http://bit.ly/a1B2c3", title=PACKAGING),
    Said(
        "rt @jo_lind: RT @arbor: How we halved our packaging bit.ly/a1B2c3 #zerowaste",
        title=PACKAGING,
    ),
    Said("RT @arbor: How we halved our packaging https://sho.rt/x9"),
    Said("\u201c@arbor: How we halved our packaging https://sho.rt/x9\u201d", title=PACKAGING),
    Said("How we halved our packaging https://arbor.example/p/12", title=PACKAGING),
    Said("How we halved our packaging - https://arbor.example/p/12", title=PACKAGING),
    Said("HOW WE HALVED OUR PACKAGING: www.arbor.example/p/12", title=PACKAGING),
    Said(
        "How we halved our packaging | Arbor Notebook\nhttps://arbor.example/p/12", title=PACKAGING
    ),
    Said("https://arbor.example/p/12 How we halved our packaging (via @arbor)", title=PACKAGING),
    Said("How we halved our pack\u2026 https://arbor.example/p/12", title=PACKAGING),
    Said("New blog post: How we halved our packaging https://arbor.example/p/12", title=PACKAGING),
    Said(
        "Reading: How we halved our packaging http://t.co/abc via @arbor \U0001f44f",
        title=PACKAGING,
    ),
    Said("How we halved our packaging https://arbor.example/how-we-halved-our-packaging"),
    Said("Why people repair: five lessons from a small workshop http://t.co/Zz9", title=REPAIR),
    Said("Why people repair: five lessons http://t.co/Zz9 #repair #makers", title=REPAIR),
    Said(
        "RT @nele_k Why people repair: five lessons from a small workshop http://t.co/Zz9",
        title=REPAIR,
    ),
    Said("Why People Repair Things Instead of Buying New Ones http://t.co/Zz9"),
    Said("#zerowaste #packaging https://arbor.example/p/12"),
    Said("https://arbor.example/p/12 #repair"),
    Said("#repair\n#makers\n\nhttps://sho.rt/x9 \u2728"),
    Said("@jo_lind @tomke https://sho.rt/x9"),
    Said("https://arbor.example/p/12"),
    Said(
        "\u267b\ufe0f @arbor How we halved our packaging https://arbor.example/p/12",
        title=PACKAGING,
    ),
    Said(
        "RT @werkbank: Wie wir unsere Verpackung halbiert haben https://sho.rt/y1",
        title="Wie wir unsere Verpackung halbiert haben",
    ),
    Said(
        "Wie wir unsere Verpackung halbiert haben https://sho.rt/y1 #verpackung",
        title="Wie wir unsere Verpackung halbiert haben \u2013 Werkbank",
    ),
    Said(
        "RT @taller: C\u00f3mo redujimos a la mitad nuestros envases https://sho.rt/z1",
        title="C\u00f3mo redujimos a la mitad nuestros envases",
    ),
    Said(
        "Comment nous avons divis\u00e9 nos emballages par deux https://sho.rt/f1",
        title="Comment nous avons divis\u00e9 nos emballages par deux",
    ),
    Said(
        "How we halved our packaging http://t.co/abc This comment was originally posted on Twitter",
        title=PACKAGING,
    ),
)

WITH_WORDS = (
    Said("So true! RT @arbor: How we halved our packaging https://sho.rt/x9", title=PACKAGING),
    Said(
        "RT @arbor: How we halved our packaging https://sho.rt/x9 <- the numbers look wrong to me",
        title=PACKAGING,
    ),
    Said(
        "RT @arbor: How we halved our packaging, but what about glass? https://sho.rt/x9",
        title=PACKAGING,
    ),
    Said("How we halved our packaging https://sho.rt/x9 but the lids still crack", title=PACKAGING),
    Said("@arbor https://sho.rt/x9"),
    Said("@arbor"),
    Said("#fail #neveragain https://sho.rt/x9"),
    Said("https://sho.rt/x9 \U0001f621"),
    Said("Is this yours? https://sho.rt/x9"),
    Said("my parcel, as delivered: https://sho.rt/x9"),
    Said("How we halved our packaging", title=PACKAGING),
)

EMPTY = (
    Said(""),
    Said("   \n\t "),
    Said("\u200b\u200d\ufeff"),
    Said("\u00a0"),
    Said("<p></p>"),
    Said("<p>&nbsp;</p><br/>"),
    Said("."),
    Said("..."),
    Said("-"),
    Said("\U000e0041\U000e0042\U000e0043"),
    Said("Mira Sol"),
    Said("mira sol."),
    Said("", author="\u5c71\u7530 \u82b1\u5b50"),
)

NOT_EMPTY = (
    Said("?"),
    Said("???"),
    Said("!"),
    Said("5"),
    Said("ok"),
    Said("\U0001f44d"),
    Said("\u2764\ufe0f"),
)

SIGNED_COMPLIMENTS = (
    Said("Great post! Thanks for sharing.", author="Cheap Car Insurance"),
    Said(
        "Nice article, very informative. Keep up the good work!", author="best payday loans online"
    ),
    Said(
        "I really enjoyed reading this. I will bookmark your blog and come back soon.",
        author="SEO Services Dubai",
    ),
    Said("Awesome blog!! Very useful information", author="Online Casino Bonus"),
    Said("Wonderful post, thank you so much for this. - Buy Cheap Watches"),
    Said("Great blog, I love it.\n\nWeight Loss Pills"),
    Said(
        "This is really interesting, you are a very skilled blogger. \U0001f44d",
        author="Wholesale Handbags",
    ),
    Said("Nice post. https://cheap-flights-deals.example/buy", author="john"),
    Said("thanks for the great info | web design company"),
    Said("Excellent work! Greatly appreciated. Essay Writing Service"),
    Said("Toller Beitrag, vielen Dank f\u00fcr die Infos!", author="Kredit ohne Schufa"),
    Said("Sehr interessanter Artikel, weiter so! \u2013 Schl\u00fcsseldienst Hamburg"),
    Said(
        "Super Seite, gef\u00e4llt mir sehr gut.", author="g\u00fcnstige Versicherungen Vergleich"
    ),
    Said(
        "Excelente art\u00edculo, muchas gracias por compartir.",
        author="Pr\u00e9stamos r\u00e1pidos",
    ),
    Said("Muy buen post, me ha gustado mucho. Casino Online"),
    Said("Tr\u00e8s bon article, merci pour le partage !", author="Rachat de cr\u00e9dit"),
    Said("Super article, continuez comme \u00e7a. \u2014 serrurier Paris"),
)

HONEST_COMPLIMENTS = (
    Said("Great post! Thanks for sharing.", author="Anna Berg"),
    Said("Great post!", author="George Best"),
    Said("Nice article, very informative.", author="Sami Price"),
    Said("Great post. The bit about paper tape saved my weekend.", author="Cheap Car Insurance"),
    Said("Thanks for sharing, but the 2019 figure is wrong.", author="SEO Services"),
    Said("Great post! Does it also work with glass?", author="Kitchen Cabinets Online Store"),
    Said("Toller Beitrag!", author="Jana Kaufmann"),
    Said("Great post, but my loan was never paid out and nobody answers.", author="Payday Loans"),
)

DISAGREEMENTS = (
    Said(
        "I read this twice, because I wanted to be sure I was not being unfair. The post is well written, and the part on "
        "small workshops rings true. However, I think the central argument does not hold. You say that people repair things "
        "mainly to save money, and you support it with a survey of your own customers. People who come to a repair shop "
        "have already decided to repair; asking them why tells us nothing about those who stayed at home. In my experience, "
        "running a repair evening in a small town for six years, money is hardly ever the reason. Most of our guests could "
        "afford a new kettle. They come because the old one belonged to somebody, or because they are angry at being told "
        "that nothing can be done. If price were the motive, we would see more visitors when prices rise, and we see fewer. "
        "The comparison with bicycles is also misleading: a bicycle has standard parts, a kettle does not. I would rather "
        "say that repair is a way of belonging, and that cost is what people mention because it sounds sensible. None of "
        "this makes the workshop less worthwhile. But if the conclusion guides what you build next, you may build the wrong "
        "thing, and that would be a pity. I would be glad to share our attendance numbers with anyone who is interested.",
        author="Piet Harms",
    ),
    Said(
        "Interesting read, thank you, although I have to disagree with nearly all of it. The claim that companies should "
        "answer every single comment sounds generous, but it overlooks what happens inside a small team. Every answer takes "
        "ten minutes when it is done well. A shop with two people and two hundred comments a week would do nothing else. "
        "What you describe works for an organisation that can pay somebody to sit there all day. For the rest of us it is "
        "better to answer a few questions thoroughly, in a place where others will find them later, than to scatter two "
        "hundred polite sentences. I also doubt that silence is always rude. Sometimes readers talk among themselves, and a "
        "company that steps in spoils it. Your example of the bakery actually shows this: the conversation about rye was "
        "lively until the owner joined, and then it stopped. Is that participation? I would call it supervision. Perhaps a "
        "fairer rule is to answer when someone waits for you, and to listen otherwise. That is harder to measure, of course, "
        "which may be why nobody proposes it. I hope you take this as it is meant, from a reader who agrees with your aim "
        "and not with your method, and who would like to see the other side of the argument in a later post. Kind regards "
        "from a very rainy island, and please keep writing about these questions even when we readers argue with you.",
        author="Online Marketing Agency Best Deals",
    ),
    Said(
        "Ich habe den Artikel mit Gewinn gelesen, sehe die Sache aber grunds\u00e4tzlich anders. Die These, dass Menschen vor "
        "allem aus Sparsamkeit reparieren, st\u00fctzt sich auf eine Umfrage unter Leuten, die ohnehin schon in der Werkstatt "
        "stehen. Das ist ein klassischer Fehlschluss: Wer nicht kommt, wird nicht gefragt. In unserem Reparaturtreff erleben wir "
        "seit Jahren das Gegenteil. Die meisten k\u00f6nnten sich ein neues Ger\u00e4t leisten, wollen es aber nicht, weil an dem "
        "alten eine Erinnerung h\u00e4ngt oder weil sie sich \u00fcber die Wegwerfmentalit\u00e4t \u00e4rgern. W\u00e4re der Preis "
        "entscheidend, m\u00fcssten in teuren Jahren mehr G\u00e4ste kommen, tats\u00e4chlich kommen weniger. Auch der Vergleich mit "
        "Fahrr\u00e4dern hinkt meiner Meinung nach: Dort gibt es genormte Teile, bei Wasserkochern nicht. Ich w\u00fcrde eher sagen, "
        "dass es um Zugeh\u00f6rigkeit geht und dass die Leute das Geld nur nennen, weil es vern\u00fcnftig klingt. Das macht eure "
        "Arbeit nicht weniger wertvoll. Wenn ihr aber aus dieser Schlussfolgerung ableitet, was ihr als N\u00e4chstes baut, baut ihr "
        "vielleicht das Falsche, und das w\u00e4re schade. Unsere Besucherzahlen teile ich gern mit allen, die es genauer wissen wollen.",
    ),
    Said(
        "Me ha parecido un texto bien escrito, pero no estoy de acuerdo con su conclusi\u00f3n. Se afirma que la gente repara sobre todo "
        "para ahorrar, y se apoya en una encuesta hecha a los clientes del propio taller. Sin embargo, quien entra en un taller ya ha "
        "decidido reparar, as\u00ed que la encuesta no dice nada de los dem\u00e1s. En mi experiencia, despu\u00e9s de seis a\u00f1os "
        "organizando tardes de reparaci\u00f3n en un barrio peque\u00f1o, el dinero apenas importa. Casi todos podr\u00edan comprar un "
        "hervidor nuevo; vienen porque el viejo era de alguien, o porque les molesta que les digan que no tiene arreglo. Si el precio "
        "fuera el motivo, vendr\u00eda m\u00e1s gente cuando todo sube, y en realidad viene menos. La comparaci\u00f3n con las bicicletas "
        "tampoco convence, porque una bicicleta tiene piezas normalizadas y un hervidor no. Creo que el argumento es demasiado simple. "
        "Dir\u00eda m\u00e1s bien que reparar es una forma de pertenecer, aunque suene menos sensato que hablar de dinero.",
    ),
    Said(
        "L'article est agr\u00e9able \u00e0 lire, mais je ne suis pas d'accord avec sa conclusion. On affirme que les gens r\u00e9parent "
        "surtout pour \u00e9conomiser, et l'on s'appuie sur une enqu\u00eate men\u00e9e aupr\u00e8s des clients de l'atelier. Or celui qui "
        "entre dans un atelier a d\u00e9j\u00e0 d\u00e9cid\u00e9 de r\u00e9parer ; l'enqu\u00eate ne dit donc rien des autres. D'apr\u00e8s mon "
        "exp\u00e9rience, apr\u00e8s six ans de soir\u00e9es de r\u00e9paration dans un petit quartier, l'argent ne compte gu\u00e8re. Presque "
        "tous pourraient acheter une bouilloire neuve. Ils viennent parce que l'ancienne appartenait \u00e0 quelqu'un. Si le prix \u00e9tait "
        "la raison, nous verrions plus de monde quand tout augmente, et pourtant nous en voyons moins. La comparaison avec les v\u00e9los est "
        "trompeuse elle aussi, car un v\u00e9lo a des pi\u00e8ces normalis\u00e9es. Je dirais plut\u00f4t que r\u00e9parer est une mani\u00e8re "
        "d'appartenir \u00e0 un lieu, m\u00eame si cela semble moins raisonnable que de parler d'argent.",
    ),
)

SHORT_DISAGREEMENTS = (
    Said("The 2019 report says 14 %, not 40."),
    Said("Your article says that bees need it. The trials I know found nothing of the kind."),
    Said("I don't agree, glass is heavier and that costs fuel."),
    Said("Sorry, but that's wrong. The bridge was built in 1931."),
    Said("Das stimmt so nicht, die Norm gilt erst seit 2021."),
    Said("Da bin ich anderer Meinung, Papier ist nicht immer besser."),
    Said("No estoy de acuerdo, el vidrio pesa m\u00e1s."),
    Said("Ce n'est pas exact, la norme date de 2021."),
)

THANKS = (
    Said("Thanks!"),
    Said("Thank you so much, that helped a lot."),
    Said("thx \U0001f64f"),
    Said("Resetting it did the trick, cheers!"),
    Said("Many thanks for the quick answer"),
    Said("@arbor thank you, works now \U0001f44d"),
    Said("Thanks for writing this."),
    Said("THANK YOU!!! \u2764\ufe0f"),
    Said("Danke sch\u00f6n!"),
    Said("Vielen Dank f\u00fcr den Tipp, jetzt klappt es."),
    Said("Danke euch, hat geholfen \U0001f60a"),
    Said("\u00a1Muchas gracias por la ayuda!"),
    Said("Mil gracias, ya funciona."),
    Said("Merci beaucoup !"),
    Said("Un grand merci pour votre aide"),
)

QUESTIONS = (
    Said("I wonder whether the planner also works offline."),
    Said("Nice overview. I was wondering how this would work for a team of three."),
    Said("I still don't see how to export my list."),
    Said("It would be good to know if the lid fits the old jar."),
    Said("Not sure which size I need for a 26 inch wheel."),
    Said("Can't find anywhere in the manual how to reset the timer"),
    Said("Thanks for this, though it doesn't say whether the glue is waterproof."),
    Said("Would love to hear how you chose the paper."),
    Said("Could somebody tell me what the blue light means"),
    Said("I'm curious how long the battery lasts in winter."),
    Said("Trying to work out how many of these I need for a small garden."),
    Said("One thing I would like to know is where the wood comes from."),
    Said("Please let me know if the course is open to beginners"),
    Said("Any idea when the next workshop takes place"),
    Said("how do i change the language"),
    Said("Does the planner also work offline?"),
    Said("Ich frage mich, ob der Deckel auch auf das alte Glas passt."),
    Said("Mir ist nicht klar, wie ich die Liste exportieren kann."),
    Said("Mich w\u00fcrde interessieren, woher das Holz kommt."),
    Said("Sch\u00f6ner Beitrag, ich w\u00fcsste nur gern, ob das auch ohne Strom geht."),
    Said("Ich finde nirgends einen Hinweis, wie man die Uhr zur\u00fccksetzt."),
    Said("Wei\u00df jemand, wann der n\u00e4chste Kurs beginnt"),
    Said("Me pregunto si la tapa sirve tambi\u00e9n para el frasco antiguo."),
    Said("Me gustar\u00eda saber de d\u00f3nde viene la madera."),
    Said("No encuentro c\u00f3mo exportar mi lista."),
    Said("Je me demande si le couvercle va aussi sur l'ancien bocal."),
    Said("J'aimerais savoir d'o\u00f9 vient le bois."),
)

GERMAN_COMPLAINTS = (
    Said("Seit drei Wochen warte ich auf mein Paket und niemand antwortet."),
    Said("Der Deckel ist schon wieder kaputt, das ist jetzt das dritte Glas."),
    Said("Leider funktioniert die App seit dem letzten Update nicht mehr."),
    Said("Ich bin sehr entt\u00e4uscht, die Dose kam zerbeult und ohne Deckel an."),
    Said("So ein schlechter Kundenservice ist mir noch nie untergekommen!"),
    Said("Die Lieferung war unvollst\u00e4ndig, es fehlten zwei Schrauben und die Anleitung."),
    Said("Unversch\u00e4mt! Erst doppelt abgebucht und dann keine R\u00fcckmeldung."),
    Said("Nach zwei W\u00e4schen ist der Stoff gerissen. Nie wieder."),
    Said("Ich habe vor zwei Wochen bestellt und bis heute nichts bekommen \U0001f621"),
    Said(
        "Das Ger\u00e4t l\u00e4sst sich nicht einschalten, ich m\u00f6chte mein Geld zur\u00fcck."
    ),
    Said("Hallo, mein Akku h\u00e4lt keine zwei Stunden, das war anders versprochen."),
)

COMPLAINTS = (
    Said("Third parcel in a row with a broken lid."),
    Said("Ordered on the 3rd, still nothing. Any idea?"),
    Said("Your app keeps crashing since the update and support never replies."),
    Said("Very disappointed. The strap snapped after two days."),
    Said("I was charged twice and nobody answers my emails!!"),
    Said("thanks for nothing, the second one is defective too"),
    Said("Llevo tres semanas esperando mi pedido y nadie responde."),
    Said("La tapa lleg\u00f3 rota y quiero mi dinero."),
    Said("J'attends mon colis depuis trois semaines, aucune r\u00e9ponse."),
    Said("Le couvercle est arriv\u00e9 cass\u00e9, je suis tr\u00e8s d\u00e9\u00e7ue."),
)

SPANISH_QUESTIONS = (
    Said("\u00bfC\u00f3mo puedo cambiar el idioma de la aplicaci\u00f3n?"),
    Said("\u00bfLa tapa sirve tambi\u00e9n para el frasco antiguo?"),
    Said("Hola, \u00bfcu\u00e1ndo empieza el pr\u00f3ximo curso?"),
    Said("Alguien sabe si el planificador funciona sin conexi\u00f3n"),
    Said("Disculpen, \u00bfde d\u00f3nde viene la madera que usan en el taller?"),
    Said("buenas tardes, quisiera saber si el curso es para principiantes"),
    Said("Muy buen art\u00edculo. \u00bfPodr\u00edan explicar c\u00f3mo se limpia el filtro?"),
    Said("\u00bfQu\u00e9 significa la luz azul? \U0001f914"),
    Said("@arbor no entiendo por qu\u00e9 hay que esperar dos horas, \u00bfes normal?"),
)

PRAISE = (
    Said("Best manual I have read this year."),
    Said("Lovely photo!"),
    Said("\U0001f60d\U0001f60d"),
    Said("Richtig toller Beitrag, gef\u00e4llt mir!"),
    Said("Me encanta este taller."),
    Said("Bravo, tr\u00e8s bel article."),
    Said("Couldn't agree more, spot on."),
)

CRISES = (
    Said("The charger smoked beside my child's bed."),
    Said("Your lamp caught fire last night!"),
    Said("The battery got so hot that it smoked on my balcony!"),
    Said("The plug melted while my son was in the room."),
    Said("I can see other people's orders in my account."),
    Said("You will hear from my lawyer."),
    Said("Aus dem Ladeger\u00e4t kam Rauch, meine Tochter stand daneben."),
    Said("Ich schalte jetzt meinen Anwalt ein, das geht an den Anwalt: mein Anwalt meldet sich."),
    Said("Sale humo del cargador, casi se quema la cocina."),
    Said("Le chargeur a pris feu cette nuit."),
)

REASONED = (
    Said(
        "I have followed this blog for a while and usually nod along, so let me be the one who "
        "doesn't this time. Telling small organisations that they must be on every network "
        "because that is where the people are strikes me as poor advice. People are in "
        "supermarkets too, and nobody suggests a charity should run one. What matters is whether "
        "you have something to say and somebody to say it to. Our parish tried three networks at "
        "once last year. We wrote daily, we answered, we measured. After eight months we had "
        "forty followers, thirty of whom were members already. Meanwhile the printed newsletter, "
        "which everybody had declared dead, was stuck on fridges all over town. I am not arguing "
        "against the tools. I am arguing against starting with the tools. You write that the "
        "conversation happens with or without you; for most of us there is no conversation at "
        "all, and joining nothing remains nothing. The examples you give, an airline and a soft "
        "drink, have budgets larger than our town. A fair comparison would look at people with "
        "two hours a week. My guess is that for them one honest letter beats a hundred posts. "
        "I'd be happy to be proven wrong by numbers rather than by anecdotes, mine included. "
        "Best wishes, a stubborn reader.",
        author="Gregor Mall",
    ),
    Said(
        "There is much to like in this piece, and the section on listening is one of the best I "
        "have read. Where I part company is the conclusion. The author claims that every "
        "complaint is a gift. Having worked at a help desk for eleven years, I can assure you "
        "that many are not. Some are attempts to get a refund for a product that was dropped in "
        "a river. Some are written at two in the morning by people who regret it at nine. A few "
        "are plain abuse. Treating all of these as gifts exhausts the people who have to unwrap "
        "them, and it teaches customers that shouting works. What helps is sorting: what is "
        "broken, what is misunderstood, what is none of our business. The first must be fixed, "
        "the second explained, the third politely declined. That is less inspiring than a "
        "slogan, yet it keeps teams sane and customers honest. The statistics you quote about "
        "loyalty after a solved complaint come from a study of hotel guests in one city, and the "
        "follow-up found no effect after six months. It would have been fair to mention that. "
        "None of this is meant as an attack; the questions are the right ones, I merely think "
        "the answers need more shades of grey than a list of seven points can hold.",
        author="SEO Services",
    ),
    Said(
        "Mit Verlaub, aber dieser Beitrag macht es sich zu leicht. Dass Menschen im Netz vor "
        "allem Anerkennung suchen, liest man überall, belegt wird es selten. Auch hier folgt auf "
        "die Behauptung nur eine Anekdote. Ich betreue seit neun Jahren ein Forum für Imkerei, "
        "und wenn ich eines gelernt habe, dann dies: Die meisten kommen, weil ihnen ein Volk "
        "stirbt und sie nicht weiterwissen. Anerkennung spielt dabei kaum eine Rolle. Wer sein "
        "Angebot nach der Anerkennungsthese baut, wird Abzeichen und Punkte verteilen, und genau "
        "das haben wir auch versucht. Nach einem halben Jahr hatten wir viele Punkte und weniger "
        "Antworten, denn die Erfahrenen fühlten sich wie Schulkinder. Seitdem gibt es keine "
        "Punkte mehr, sondern einen Kalender, in dem steht, wer wann ans Telefon geht. Das "
        "klingt altmodisch, hilft den Leuten aber wirklich. Ich würde mir wünschen, dass solche "
        "Texte öfter von denen ausgehen, die Hilfe brauchen, und seltener von denen, die "
        "Reichweite messen. Vielleicht sehen Sie das in Ihrer Branche anders, dann wäre eine "
        "Einordnung am Anfang nützlich gewesen. So, wie er dasteht, verallgemeinert der Artikel "
        "von wenigen auf alle, und das führt in die Irre. Trotzdem danke für den Anstoß, ich "
        "habe lange darüber nachgedacht."
    ),
    Said(
        "Sorry, I can't follow you here. If engagement is measured by replies, then the loudest "
        "person in the room is the most engaged, and we all know that person. In our community "
        "the members who contribute most read for years before they write a single line. By your "
        "figures they would be called inactive. I think you mix two things, attention and "
        "participation. Attention can be bought; there are whole industries for it, casinos "
        "among them, and I would not want to learn manners there. Participation has to be "
        "earned, usually slowly, usually by being useful when nobody is watching. So when you "
        "recommend asking a question at the end of every post to drive comments, I see what you "
        "mean, but the comments you get are answers to a question nobody had. Ours dropped in "
        "quality within weeks. We stopped asking, and wrote about what we had got wrong instead. "
        "That brought fewer replies, and better ones. Perhaps that cannot be put on a slide. "
        "Perhaps it does not scale either, and I would not mind. What would convince me is a "
        "case in which numbers went up and people were glad of it a year later. Do you know one? "
        "I would read that post with great interest, and I would happily take back all of the "
        "above."
    ),
    Said(
        "Two remarks from somebody who has to deal with this in practice. First, the regulation "
        "you mention has been in force since 2018, not since last year, and it covers private "
        "associations as well. Second, the advice to simply delete critical remarks is risky. In "
        "our association a member took this to the board, and rightly so. An open answer would "
        "have cost us ten minutes."
    ),
    Said(
        "Je lis toujours ce blog avec plaisir, mais cette fois je reste sur ma faim. L'auteur "
        "part du principe que le silence d'une association sur les réseaux est une faute. C'est "
        "oublier que beaucoup d'entre nous n'ont ni salarié ni temps. Nous sommes six bénévoles, "
        "nous réparons des vélos le samedi, et quand nous rentrons le soir nous avons les mains "
        "pleines de cambouis. Répondre à des messages jusqu'à minuit ne rendrait service à "
        "personne. En revanche, notre porte est ouverte et le café est chaud. Ceux qui veulent "
        "nous parler savent où nous trouver. Les chiffres cités viennent d'entreprises de cent "
        "personnes ; les appliquer à nous n'a pas beaucoup de sens. Il aurait été plus juste de "
        "distinguer. Je ne nie pas que ces outils puissent être utiles, mais ils ne remplacent "
        "pas une présence, et je crois que l'article confond les deux. À force de répéter que "
        "tout le monde doit y être, on finit par culpabiliser ceux qui font déjà beaucoup. "
        "Voilà, c'est dit sans colère, et je continuerai à vous lire."
    ),
    Said(
        "I am not so sure about this. You describe the newcomer as shy, but in my experience "
        "they are simply busy."
    ),
)

LONG_THANKS = (
    Said(
        "What a lovely evening we had at the workshop! My daughter brought her old music box, "
        "which had not played for years, and the gentleman at table four took it apart with the "
        "patience of an angel. While he worked he explained every wheel to her, and she has "
        "talked of nothing else since. We also met a couple from the next village who repair "
        "accordions, can you imagine! There was cake, there was tea, and somebody played the "
        "piano. We came home late and happy. Thank you to everybody who makes this possible, "
        "month after month, without asking for anything. We will be back in spring with my "
        "mother's lamp, and with more cake. Please pass our thanks on to table four."
    ),
)

LONG_COMPLAINTS = (
    Said(
        "I ordered the blue lamp on the second of March because it was meant for my father's "
        "birthday on the twentieth. On the fifteenth I was told that it was on its way. On the "
        "nineteenth it was still in a depot two hundred kilometres away. I called your number "
        "three times, and each time somebody promised to call me back, which nobody did. It "
        "arrived on the twenty-fourth, with a dent in the foot and without the bulb that is "
        "shown on the box. I wrote to you the same day and have not heard a word since. I have "
        "been a customer for six years, and I have recommended you to half of my street, but "
        "this is not how one treats people. I would like to know who looks after this now and "
        "when I can expect an answer."
    ),
)

TOLD_COMPLAINTS = (
    Said("The frost warning came after the frost. I lost all my tomatoes."),
    Said("We lost the whole weekend fixing what your script did."),
    Said("All our bookings have disappeared since Tuesday."),
    Said("The new version erased my settings."),
    Said("Your fertiliser killed the lawn."),
    Said("Everything in the basket is gone again."),
    Said("My bulbs rotted in the tray you sent."),
    Said("I click on save and nothing happens."),
    Said("The zip gave out in the first week."),
    Said("The page stays white whatever I do."),
    Said("Phone is dead within two hours since I installed it."),
    Said("I have to enter my address manually every time."),
    Said("The invitation arrived a week after the party."),
    Said("The seeds came too late for this spring."),
    Said("Bought the ticket in March, it's now September."),
    Said("By the time it got here the flowers had wilted."),
    Said("I had hoped for better."),
    Said("The label says organic, but it isn't."),
    Said("So much for the lifetime guarantee."),
    Said("I wrote four mails without a single reply."),
    Said("It was fine until I tried to print."),
    Said("I love the app, but yesterday it deleted my drafts."),
    Said("Die Frostwarnung kam nach dem Frost. Alle Tomaten sind hin."),
    Said("Seit gestern sind meine Fotos weg."),
    Said("Die App hat meine Liste gelöscht."),
    Said("Mir sind alle Erdbeeren vertrocknet."),
    Said("Ich drücke auf Speichern und es passiert nichts."),
    Said("Der Akku ist nach einer Stunde leer."),
    Said("Die Rechnung kam zwei Wochen nach der Mahnung."),
    Said("Bis ihr geantwortet habt, war die Saison vorbei."),
    Said("Ich hatte mir mehr davon versprochen."),
    Said("Von wegen kinderleicht."),
    Said("Wir haben dadurch einen ganzen Tag verloren."),
    Said("Se me secaron todos los rosales."),
    Said("Desaparecieron mis fotos desde ayer."),
    Said("La actualización borró mis datos."),
    Said("Pulso guardar y no ocurre nada."),
    Said("El paquete llegó dos semanas después del cumpleaños."),
    Said("Cuando respondieron ya era demasiado tarde."),
    Said("Esperábamos algo mejor."),
    Said("Dijeron que era impermeable, pero no lo es."),
    Said("Tengo que entrar otra vez cada día."),
)
"""They complain by telling what happened."""

TOLD_OTHERWISE = (
    Said("I lost weight and my neighbours noticed, thank you!"),
    Said("I lost track of time here, great article."),
    Said("My old dog died last winter, and your post made me think of him."),
    Said("We came after lunch and stayed until dark."),
    Said("The snow is gone and the crocuses are out."),
    Said("None of my plants died this year."),
    Said("Better late than never: what a lovely read!"),
    Said("It is never too late to plant garlic."),
    Said("What happens when my list is deleted?"),
    Said("The rain arrived two days after the forecast."),
    Said("I have to read this every spring, wonderful."),
    Said("I expected nothing less, brilliant as always."),
    Said("All my friends are gone for the holidays."),
    Said("Der Schnee ist weg, die Krokusse sind da."),
    Said("Wir haben letzten Sommer unseren Vater verloren."),
    Said("Es ist nie zu spät für Knoblauch."),
    Said("Was passiert, wenn meine Liste gelöscht wird?"),
    Said("Ich bin nach dem Essen gekommen und habe alles gelesen, danke!"),
    Said("Perdí la noción del tiempo leyendo, me encanta."),
    Said("Dejó de llover y salimos al huerto."),
    Said("Nunca es tarde para plantar ajos."),
    Said("¿Qué pasa si se borran mis datos?"),
    Said("Perdimos a mi padre en marzo."),
)
"""The same words, and nobody complains."""
