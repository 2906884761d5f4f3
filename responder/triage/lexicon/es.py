"""Spanish."""

from responder.triage.lexicon import mishaps
from responder.triage.lexicon.signals import Signal, lexicon

_Q = r"(?:si|como|que|cual(?:es)?|donde|cuando|quien(?:es)?|por ?que|cuanto|cuanta|cuantos|cuantas|para que)"
_START = r"(?:(?<=^)|(?<=[.!?,;:(¿\n-])|(?<=[.!?,;:(¿\n-] ))(?:(?:y|pero|hola|buenas|buenos dias|entonces|oye|disculpen?|perdon|una pregunta|consulta),? )?"
_PRODUCT = r"(?:servicio|atencion|calidad|experiencia|producto|entrega|empresa|app|aplicacion|envio|compra|soporte|actualizacion|trato)"

SPANISH = lexicon(
    "es",
    strong={
        Signal.ASKS: (
            rf"(?:me|nos) (?:pregunto|preguntaba|preguntamos|gustaria|encantaria|interesa|interesaria)(?: \w+){{0,2}} (?:saber|conocer|entender)?(?: \w+)? ?{_Q}|me pregunto|me preguntaba|me gustaria (?:saber|conocer|preguntar)",
            rf"(?:quiero|quisiera|queria|quería|necesito|querria|podria) (?:saber|preguntar|entender|consultar)|no (?:\w+ ){{0,2}}(?:se|entiendo|entendi|encuentro|veo|logro \w+|consigo \w+|tengo claro|queda claro|me queda claro|estoy segur[oa](?: de)?|sabemos|comprendo|recuerdo|dice|explica\w*|menciona\w*|aclara\w*)(?: \w+){{0,2}} {_Q}",
            rf"(?:saber|entender|averiguar|explicar(?:me|nos)?|decir(?:me|nos)?|aclarar(?:me|nos)?) {_Q}|alguien (?:sabe|puede|podria|me puede|conoce|tiene|ha)|alguna (?:idea|recomendacion|sugerencia)",
            r"(?:pueden|puedes|podrian|podrias|podeis|podriais|puede|podria)(?: \w+){0,3} (?:decir\w*|explicar\w*|ayudar\w*|aclarar\w*|indicar\w*|recomendar\w*|confirmar\w*|informar\w*|orientar\w*|mostrar\w*)|(?:me|nos) (?:puede|pueden|puedes|podeis|podria|podrian|podrias) (?:decir|explicar|ayudar|aclarar|indicar|recomendar|confirmar|informar)",
            rf"{_START}(?:como|donde|cuando|cual|cuales|quien|por ?que|cuanto|cuantos|cuantas|a que|de que|en que|para que|desde cuando|hasta cuando|que) (?:se|puedo|puede|podemos|es|son|esta|estan|hay|hago|hace|tengo|tienen|tiene|debo|funciona|pasa|significa|tarda|dura|encuentro|consigo|va|van|modelo|talla|version|tipo|hacer|me|les|diferencia)",
            rf"{_START}(?:hay|existe|existen|tienen|teneis|tienes|es posible|se puede|puedo|podemos|funciona|sirve|sabeis|saben|sabes)",
            r"tengo (?:una|otra|unas|varias|algunas) (?:\w+ )?(?:pregunta|duda|preguntas|dudas|consulta)|(?:una|mi|la unica) (?:\w+ )?(?:pregunta|duda|consulta)(?: es|:|,| sobre)?|(?:necesito|busco) (?:\w+ )?(?:ayuda|consejo|informacion)|(?:diganme|decidme|dime|expliquen|explicadme) (?:por favor )?|ni idea|tengo la duda|agradeceria (?:\w+ ){0,3}(?:saber|informacion|ayuda)|por favor,? (?:expliquen|ayuda|digan\w*|aclaren)",
        ),
        Signal.FAULT: (
            r"gracias por nada",
            r"no (?:me |nos |les |se )?(?:\w+ )?(?:funciona\w*|sirve|llega\w*|llego|llegado|ha llegado|carga|abre|enciende|conecta|responde\w*|contesta\w*|han (?:respondido|contestado|llegado|enviado)|ha (?:funcionado|llegado)|arranca|cabe|entra|deja (?:entrar|pagar))",
            r"(?:dejo de funcionar|deja de funcionar|roto|rota|rotos|rotas|rompio|rompe|averiad[oa]|defectuos[oa]s?|danad[oa]s?|estropead[oa]s?|golpead[oa]|rayad[oa]|agrietad[oa]|incomplet[oa]|mohos[oa])",
            r"(?:todavia|aun|sigo|seguimos|sigue) (?:\w+ ){0,3}(?:esperando|sin (?:\w+ )?(?:recibir|respuesta|noticias|funcionar|solucion)|no (?:\w+ ){0,2}(?:recib\w+|lleg\w+|respuesta))|llevo (?:\w+ ){1,4}(?:esperando|sin|dias|semanas|meses)|nunca (?:\w+ )?(?:llego|llega|respond\w+|contest\w+|recib\w+|mas)|nadie (?:\w+ )?(?:responde|contesta|atiende|ayuda|da la cara)|sin respuesta",
            r"(?:devol\w+|reembols\w+|regres\w+)(?: \w+){0,3} (?:dinero|pago|importe)|reembolso|mi dinero|quiero (?:una )?(?:devolucion|reclamar|quejarme)|queja|reclamo|reclamacion",
            r"decepcion\w*|decepcionad[oa]|insatisfech[oa]|indignad[oa]|hart[oa]|enfadad[oa]|molest[oa]|vergonzos[oa]|verguenza|inaceptable|estafa\w*|timo|fraude|una basura|porqueria|pesim[oa]s?|horrible|terrible|lamentable|desastre|perdida de (?:tiempo|dinero)|nunca mas|no (?:lo )?recomiendo",
            rf"(?:mal|mala|peor|malisim[oa]) (?:\w+ ){{0,2}}{_PRODUCT}|{_PRODUCT} (?:\w+ ){{0,2}}(?:mal[oa]?|pesim[oa]|horrible|terrible|fatal)",
            r"(?:cobraron|cobrado|cobran|cargaron)(?: \w+){0,3} (?:dos veces|doble|de mas|mal)|(?:equivocad[oa]|incorrect[oa])s? (?:pedido|talla|producto)|(?:pedido|talla|producto|articulo|color) (?:equivocad[oa]|incorrect[oa])|se (?:cuelga|cierra|bloquea|apaga|rompio|cae)|(?:falta|faltan|faltaba|faltaban) (?:\w+ ){0,2}(?:piezas?|tornillos?|partes?|articulos?)|(?:tercera|segunda|cuarta) vez que|otra vez (?:rot[oa]|mal|lo mismo)|me da error|mensaje de error",
        ),
        Signal.MISHAP: mishaps.SPANISH,
        Signal.DISAGREES: (
            r"no (?:estoy|estamos) (?:\w+ ){0,3}(?:de acuerdo|convencid[oa]|segur[oa] de que)|(?:en )?desacuerdo|discrepo|discrepar|difiero|disiento|no (?:\w+ )?(?:comparto|coincido|me convence)|lo veo (?:\w+ )?(?:diferente|distinto|de otra)",
            r"(?:eso|esto|lo que|la (?:cifra|afirmacion|tesis)|el (?:dato|articulo|argumento|texto)|aqui)(?: \w+){0,5} (?:no es (?:\w+ )?(?:ciert[oa]|verdad|correct[oa]|asi|exact[oa])|(?:es|esta) (?:\w+ )?(?:fals[oa]|incorrect[oa]|equivocad[oa]|erroneo|erronea|mal|un error|un mito|enganos[oa]))",
            r"no es (?:\w+ )?(?:cierto|verdad|correcto|exacto|asi)(?: que)?|(?:se|te) (?:equivoca\w*|olvida\w*|confunde\w*)|(?:estan|estas|esta|estais) (?:\w+ )?equivocad[oa]s?|(?:hay|encontre|contiene) un(?: \w+)? error|correccion|fe de erratas|(?:pasa|pasan) por alto|(?:ignora|omite|exagera|simplifica|generaliza)\w*|demasiado (?:simple|simplista|optimista)|simplista|parcial|sesgad[oa]|al contrario|todo lo contrario|contraejemplo|con todo (?:el )?respeto",
            r"(?:son|es|fue|fueron) (?:el )?\d[\d.,]* ?(?:%|por ciento)?,? (?:y )?no (?:el )?\d|no (?:es |son )?(?:el )?\d[\d.,]* ?(?:%|por ciento)?,? sino",
        ),
        Signal.LIKES: (
            r"(?:genial|excelente|increible|fantastic[oa]s?|maravillos[oa]s?|estupend[oa]s?|precios[oa]s?|hermos[oa]s?|perfect[oa]s?|magnific[oa]s?|espectacular|buenisim[oa]s?|lindisim[oa]|impresionante|brillante|fabulos[oa])",
            r"(?:me|nos) (?:encanta\w*|gusta\w*|gusto|fascina\w*|ha encantado|ha gustado)|(?:buen|gran|muy buen|muy buena|buena|bonit[oa]|interesante|lind[oa]) (?:\w+ )?(?:articulo|trabajo|post|texto|idea|foto|video|consejo|consejos|publicacion|aporte|pagina|blog|informacion|nota|entrada|resumen)|nada mal|bien (?:hecho|dicho|explicado|escrito)|felicidades|felicitaciones|enhorabuena|bravo|sigan asi|seguid asi|totalmente de acuerdo|muy de acuerdo|tal cual|muy (?:util|bueno|buena|interesante|bien|bonito|bonita|claro|rico|amable)",
        ),
        Signal.THANKS: (r"(?:muchas |mil |muchisimas )?gracias|agradec\w+|se agradece|grax|thx",),
        Signal.WANTS: (
            r"cuanto (?:cuesta|cuestan|vale|valen|sale|es)|que precio|precio\?|(?:cual es|a) (?:el |que )?precio|donde (?:\w+ ){0,3}(?:comprar\w*|compro|conseguir\w*|consigo|venden|adquirir\w*|pedir\w*|encargar\w*)|(?:quiero|quisiera|me gustaria|queria) (?:comprar\w*|pedir|encargar|adquirir|uno|una)|(?:hay|tienen|queda|quedan) (?:\w+ )?(?:stock|existencias|disponible\w*)|(?:envian|enviais|hacen envios|mandan) a|venden|esta a la venta|se vende",
        ),
        Signal.SUGGESTS: (
            r"(?:deberian|deberiais|deberias|podrian|podriais|podrias|tendrian que|tendriais que) (?:\w+ )?(?:anadir|agregar|poner|hacer|incluir|ofrecer|considerar|mejorar|cambiar|sacar|usar|dar|dejar|permitir|vender)|(?:seria|estaria) (?:\w+ )?(?:bueno|genial|bien|ideal|util|estupendo|mejor|perfecto)(?: que| si| tener| poder)|sugerencia|sugiero|propongo|propuesta|por favor,? (?:anadan|agreguen|incluyan|pongan)|ojala (?:hubiera|hubiese|tuvieran|pusieran|sacaran)|que tal si",
        ),
        Signal.PARTNERS: (
            r"colabora\w*|cooperacion|alianza|patrocin\w+|trabajar (?:juntos|con ustedes|con vosotros)|distribuidor\w*|mayorista|proveedor\w*|periodista|entrevista\w*|invitar(?:les|los|os)|articulo invitado|revendedor\w*",
        ),
        Signal.ALARM: (
            r"(?:se )?(?:incendi\w+|prendio fuego|en llamas|exploto|explota|explosion)|(?:sale|salia|salio|echa|echaba) humo|humo (?:del|de la|sale)|descarga electrica|quemo (?:la|el|mi|los|las)|quemadura\w*|olor a (?:quemado|gas)|huele a (?:quemado|gas)|(?:en|al) (?:el )?hospital|urgencias|intoxic\w+|envenen\w+|reaccion alergica|herid[oa]s?|sangr(?:a|o|ando)|peligro de (?:muerte|vida)|ambulancia",
            r"suicid\w+|matarme|quitarme la vida|quiero morir|no quiero vivir|autolesion\w*|fuga de datos|filtracion de datos|filtraron|hackead[oa]s?|hackearon|(?:datos|pedidos) de (?:otros|otras|otro) (?:clientes?|personas?|usuarios?)|mi abogad[oa]|abogados?|acciones legales|demanda(?:r|re|remos)(?:los|les|os)?|denunci(?:ar|are|aremos|a policial)|tribunales",
        ),
        Signal.ABUSE: (
            r"(?:son|sois|eres|sos|pandilla de|panda de|malditos?|putos?) (?:\w+ ){0,3}(?:idiotas?|imbeciles?|inutiles?|basura|escoria|gilipollas|estupid[oa]s?|mierdas?|cabrones?|subnormales?|payasos)|hijos? de puta|vete a la mierda|vayanse a la mierda|que os den|callate|muere\w*te|ojala (?:te|os|se) muer\w+",
        ),
        Signal.GREETS: (
            r"buenos dias|buenas (?:tardes|noches)|hola a tod[oa]s|saludos(?: desde| a tod[oa]s)?|feliz (?:lunes|viernes|domingo|fin de semana|navidad|ano|cumpleanos|dia)|jaja\w*|jeje\w*|nos vemos|buen fin de semana|quien mas",
        ),
        Signal.SHARES: (
            r"(?:mira|mirad|miren|lee|leed|lean) esto|(?:esto|este) es (?:lo )?(?:que )?(?:te|os|les) (?:dije|comente|decia)|tienes que (?:ver|leer)|lo comparto|comparto|recomiendo (?:leer|su lectura)",
        ),
        Signal.WARNS: (
            r"cuidado|ojo|atencion|aviso|advertencia|tengan cuidado|no (?:compren|compreis|compres|usen|useis)|eviten|gente, (?:revisen|miren)",
        ),
        Signal.HURRY: (
            r"urgente\w*|urge|cuanto antes|lo antes posible|ahora mismo|inmediatamente|hoy(?: mismo)?|manana|esta noche|plazo|fecha limite|antes del (?:lunes|martes|miercoles|jueves|viernes)|no puedo (?:entrar|acceder|iniciar)",
        ),
        Signal.SOLVED: (
            r"(?:ya|ahora) (?:\w+ )?(?:funciona|esta (?:solucionado|resuelto|arreglado))|(?:me|nos) (?:ha )?(?:funciono|sirvio|ayudo|solucion\w+|ayudado|servido)|problema (?:resuelto|solucionado)|por (?:la|su|tu|vuestra) (?:rapida )?(?:ayuda|respuesta)",
        ),
        Signal.GOOD: (
            r"buen[oa]?s?|bien|feliz|content[oa]|encantad[oa]|util|utiles|interesante|recomiendo|rapid[oa]|amables?|bonit[oa]s?|lind[oa]s?|mejor|ayudo|ayudado",
        ),
        Signal.BAD: (
            r"mal|mal[oa]s?|peor|terrible|horrible|fatal|triste|enfad\w+|odio|problemas?|error\w*|lent[oa]s?|car[oa]s?|desgracia\w*|lastima|ridicul[oa]|fe[oa]s?|aburrid[oa]|pesim[oa]s?|decepci\w+|rot[oa]s?|vergonzos[oa]|inaceptable",
        ),
    },
    weak={
        **mishaps.SPANISH_HINTS,
        Signal.DISAGREES: (
            r"pero|sin embargo|aunque|no obstante|por otro lado|por otra parte|en cambio|sino|en realidad|de hecho|mas bien|ahora bien",
            r"en mi (?:opinion|experiencia)|(?:no )?creo que|no (?:creo|pienso|me parece)|dudo|dudas|apenas|quiza|quizas|tal vez|ejemplos?|comparacion|datos|cifras|estadistic\w+|autor\w*|articulo|texto|ustedes (?:dicen|afirman)|en la practica|demuestra\w*|prueba\w*|generaliz\w+|simplemente|tampoco|argumento\w*|afirma\w*|estudios?|evidencia\w*|conclusion\w*|premisa|supone\w*|supuesto|critic[oa]s?|problematic[oa]",
        ),
        Signal.ASKS: (
            r"(?:saber|entender|explicar|decir|ver|encontrar|buscar|buscando|preguntar|idea|claro|duda|interesa\w*|curios\w+)(?: \w+){0,4} (?:si|como|que|cual|donde|cuando|por ?que|cuanto)",
        ),
        Signal.FAULT: (
            r"problemas?|lent[oa]|car[oa]|tarde|retras\w+|error\w*|mal|peor|lastima|otra vez|desgraciadamente|lamentablemente|fall[oa]s?",
        ),
        Signal.LIKES: (
            r"buen[oa]|bien|bonit[oa]|lind[oa]|si|wow|guau|util|interesante|cierto|verdad|rico",
        ),
        Signal.ALARM: (r"abogad[oa]s?|policia|juzgado|humo|fuego|incendio|hospital",),
        Signal.WANTS: (r"precio|cuesta|comprar|pedir|disponible",),
    },
)
