"""Sentences that measure the rules for complaints without a complaint's words; not for tuning.

Every text and name here is invented. Complaints tell what happened: a loss, a failure, a delay, a hope
that came to nothing. The others say something else with the same words.

Both lists come from one writer, who also wrote the patterns: `GARDEN` before them and with the same
things in mind, so it flatters; `ELSEWHERE` about other places, and it is the soberer measure.
"""

from responder.engagement.model import Intent

C, P, T, Q = Intent.COMPLAINT, Intent.PRAISE, Intent.THANKS, Intent.QUESTION
S, W, X, M = Intent.SUGGESTION, Intent.PURCHASE_INTEREST, Intent.OTHER, Intent.SMALL_TALK

GARDEN: tuple[tuple[str, str, Intent], ...] = (
    # Loss.
    ("en", "The update wiped three years of notes. All gone.", C),
    ("en", "My whole harvest rotted because the reminder never fired.", C),
    ("en", "After syncing, half my photos had vanished.", C),
    ("en", "I lost a day of work to this.", C),
    ("en", "The seedlings died within a week of following your schedule.", C),
    ("en", "It deleted my list without asking.", C),
    ("de", "Nach dem Update sind alle meine Beete verschwunden.", C),
    ("de", "Durch die falsche Angabe habe ich die ganze Ernte verloren.", C),
    ("de", "Die Setzlinge sind nach zwei Tagen eingegangen.", C),
    ("es", "Con la actualización perdí todas mis notas.", C),
    ("es", "Se me murieron las plantas siguiendo el calendario.", C),
    ("es", "La aplicación borró mi jardín entero.", C),
    # Failure.
    ("en", "Pressed the button five times, nothing happened.", C),
    ("en", "The handle came off in my hand on day two.", C),
    ("en", "It ran for a month and then gave up.", C),
    ("en", "Every time I open the map, the screen goes blank.", C),
    ("en", "The battery is empty after an hour.", C),
    ("en", "I have to sign in again each morning.", C),
    ("de", "Beim Öffnen bleibt der Bildschirm einfach schwarz.", C),
    ("de", "Nach einer Woche hat das Gerät den Geist aufgegeben.", C),
    ("de", "Ich muss mich jeden Tag neu anmelden.", C),
    ("es", "La pantalla se queda en blanco cada vez que la abro.", C),
    ("es", "A la semana dejó de encender.", C),
    ("es", "Le doy al botón y no pasa nada.", C),
    # Lateness.
    ("en", "The alert reached me two hours after the hail.", C),
    ("en", "Ordered in May for a June wedding. It is August.", C),
    ("en", "The newsletter about the sale came a day after the sale.", C),
    ("en", "By the time you answered, the season was over.", C),
    ("de", "Die Warnung kam erst nach dem Sturm.", C),
    ("de", "Das Paket kam drei Tage nach dem Geburtstag an.", C),
    ("es", "El aviso llegó después de la helada.", C),
    ("es", "El regalo llegó una semana después de Navidad.", C),
    # Hopes that came to nothing.
    ("en", "I expected more for this price.", C),
    ("en", "You said it would be waterproof. It is not.", C),
    ("en", "Looked so good in the pictures, then I opened the box.", C),
    ("en", "Three letters to your office and not one answer.", C),
    ("de", "Dafür hätte ich mir mehr erwartet.", C),
    ("de", "Angeblich wasserdicht. Innen war alles nass.", C),
    ("es", "Esperaba mucho más por ese precio.", C),
    ("es", "Prometieron llamar y sigo sin saber nada.", C),
    # The same words, and no complaint.
    ("en", "I lost ten pounds thanks to this!", T),
    ("en", "Lost an hour reading your archive, wonderful stuff.", P),
    ("en", "I was late to the party, but what a great read.", P),
    ("en", "My tomatoes died of old age in October, a lovely summer.", P),
    ("en", "The frost came early this year here in Vermont.", X),
    ("en", "Nothing happened to my roses, your advice works great.", P),
    ("en", "My grandmother lost her garden in the war. Your text reminded me of her.", X),
    ("en", "Do the plants die if I water them late?", Q),
    ("en", "What do I do when the battery is empty?", Q),
    ("en", "Arrived two days early, thank you!", T),
    ("en", "I expected little and got a wonderful tool.", P),
    ("en", "Please add a way to restore deleted lists.", S),
    ("en", "Is the second volume gone, or can I still buy it?", W),
    ("en", "After the storm we all met at the market again.", X),
    ("en", "Good morning from a very wet Leeds, who else lost an umbrella?", M),
    ("en", "It never disappoints. Love it.", P),
    ("de", "Endlich die Schnecken losgeworden, vielen Dank!", T),
    ("de", "Ich habe fünf Kilo verloren, danke für das Rezept!", T),
    ("de", "Das hat mich nie enttäuscht, ein tolles Werkzeug.", P),
    ("de", "Gehen die Pflanzen ein, wenn ich sie spät gieße?", Q),
    ("de", "Nach dem Sturm kam gleich wieder die Sonne.", X),
    ("de", "Mehr als ich erwartet hatte, wunderbar!", P),
    ("de", "Mein Opa hat im Krieg alles verloren, auch den Garten.", X),
    ("es", "Perdí cinco kilos con esta receta, ¡gracias!", T),
    ("es", "Llegó antes de lo esperado, ¡muchas gracias!", T),
    ("es", "Nunca me ha decepcionado, me encanta.", P),
    ("es", "¿Se mueren las plantas si las riego tarde?", Q),
    ("es", "Después de la tormenta salió el sol.", X),
    ("es", "Mucho mejor de lo que esperaba, excelente.", P),
    ("es", "Mi abuela perdió su casa en la guerra.", X),
)

ELSEWHERE: tuple[tuple[str, str, Intent], ...] = (
    # Complaints about other things than gardens: a shop, a train, a course, a museum, a bank.
    ("en", "We stood outside in the rain because the doors were shut at opening time.", C),
    ("en", "The course ended and half the lessons were never uploaded.", C),
    ("en", "My card was declined three times at the counter, in front of everyone.", C),
    ("en", "The soup was cold and the bill had two dishes we never had.", C),
    ("en", "The colour ran in the first wash and took my white shirts with it.", C),
    ("en", "Our train left ten minutes early. We watched it go.", C),
    ("en", "The coupon was refused at the till.", C),
    ("en", "Your driver left the parcel in a puddle.", C),
    ("en", "Since the redesign I cannot find my orders.", C),
    ("en", "The audio guide fell silent in the second room.", C),
    ("en", "I cancelled in May and you still take the money each month.", C),
    ("en", "Tickets arrived on Monday. The concert was on Sunday.", C),
    ("de", "Der Zug fuhr zehn Minuten zu früh ab, wir standen am Gleis.", C),
    ("de", "Die Suppe war kalt und die Rechnung zu hoch.", C),
    ("de", "Ich habe im Mai gekündigt, und ihr bucht weiter ab.", C),
    ("de", "Beim ersten Waschen ist die Farbe ausgegangen.", C),
    ("de", "Die Karten kamen am Montag, das Konzert war am Sonntag.", C),
    ("de", "Der Fahrer hat das Paket im Regen stehen lassen.", C),
    ("es", "La sopa estaba fría y nos cobraron de más.", C),
    ("es", "Me di de baja en mayo y me siguen cobrando.", C),
    ("es", "El tren salió diez minutos antes y lo vimos irse.", C),
    ("es", "Las entradas llegaron el lunes y el concierto fue el domingo.", C),
    # The same places, and no complaint.
    ("en", "My train was late, so I had time to read the whole series. Loved it.", P),
    ("en", "I lost my heart to this museum.", P),
    ("en", "Do you refund the ticket when the concert is cancelled?", Q),
    ("en", "How long does it take until the money is gone from my account?", Q),
    ("en", "Our cat disappeared in May and a neighbour found her thanks to your poster!", T),
    ("en", "The doors open at nine on Sundays.", X),
    ("en", "It rained when we visited in April.", X),
    ("en", "You should add a cloakroom for wet coats.", S),
    ("en", "The soup was gone before I got a second bowl, delicious!", P),
    ("en", "We arrived after the concert had begun and still found seats.", X),
    ("de", "Der Regen kam erst nach dem Konzert.", X),
    ("de", "Wann kommt der nächste Zug?", Q),
    ("de", "Die Suppe war im Nu weg, köstlich!", P),
    ("de", "Wir waren am Sonntag im Museum.", X),
    ("es", "Llegamos después del concierto y cenamos cerca.", X),
    ("es", "¿Cuándo llega el próximo tren?", Q),
    ("es", "Perdí la cabeza por este museo, es precioso.", P),
    ("es", "El domingo estuvimos en el museo.", X),
)

HELD_OUT = GARDEN + ELSEWHERE
