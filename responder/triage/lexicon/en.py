"""English."""

from responder.triage.lexicon import mishaps
from responder.triage.lexicon.signals import Signal, lexicon

_WH = r"(?:if|whether|how|what|which|where|when|who|why)"
_NOT = r"(?:n't| not| never)"
_START = r"(?:(?<=^)|(?<=[.!?,;:(\n-])|(?<=[.!?,;:(\n-] ))(?:(?:so|and|but|ok|okay|also|hi|hey|hello),? )?"
_CLAIM = (
    r"(?:that|this|it|which|here|there|you|your (?:\w+ )?\w+|the (?:\w+ )?(?:claim|figure|number|statement|premise"
    r"|argument|article|date|post|author|conclusion|reasoning|comparison|chart|table|text))"
)
_WRONG = (
    r"(?:wrong|incorrect|untrue|false|inaccurate|misleading|mistaken|flawed|outdated|nonsense"
    r"|simplistic|not (?:\w+ )?(?:true|correct|right|accurate)|n't (?:\w+ )?(?:true|correct|right|accurate)"
    r"|an? (?:\w+ )?(?:error|myth|mistake|fallacy|misconception|typo))"
)

ENGLISH = lexicon(
    "en",
    strong={
        Signal.ASKS: (
            r"(?:i|we)(?:'m|'re|'ve| am| are| was| were| have| do)?(?: \w+){0,2} wonder(?:ing|ed)?",
            r"wondering (?:if|whether|how|what|which|where|when|who|why|about)",
            (
                r"(?:'d|would|want|wanted|need|like|love|keen|hoping|trying|curious|nice|good|great|helpful|interesting)"
                r" (?:\w+ )?to (?:know|learn|hear|understand|find out|ask|see (?:if|whether|how)) (?:\w+ ){0,2}"
                rf"{_WH}"
            ),
            r"(?:want(?:ed)?|need|like|love) to (?:ask|know (?:more|about))",
            rf"(?:not|never|n't|un)(?: \w+)? ?(?:sure|clear|certain|obvious)(?: to me)?(?: as to)? {_WH}",
            (
                rf"(?:don't|do not|didn't|did not|can't|cannot|couldn't|could not|never)(?: \w+){{0,2}}"
                rf" (?:understand|know|see|get|figure out|work out|find out|find|tell|remember)(?: \w+)? {_WH}"
            ),
            rf"(?:can't|cannot|couldn't|could not) (?:seem to )?(?:find|see|figure out|work out|tell)(?: \w+){{1,6}} {_WH}",
            (
                r"(?:don't|can't|cannot|couldn't|haven't)(?: \w+)? (?:find|found|see|seen) (?:any|the|a) (?:\w+ )?"
                r"(?:info|information|instructions?|manual|setting|button|option|way|answer|details?|link)"
            ),
            rf"(?:curious|interested)(?: to (?:know|hear|see|learn)| about| as to)? {_WH}",
            rf"(?:confused|puzzled|unsure|unclear|in doubt)(?: about| as to| by| on)?(?: {_WH})?",
            r"(?:does|do|did|has|have|is|can|could|would) (?:any|some)(?:one|body)",
            r"(?:anyone|anybody) (?:know|knows|else (?:know|have|had)|tried|able)",
            r"any (?:idea|tips|advice|recommendations|chance|pointers|clue|news on|update on|updates on|word on)",
            rf"no (?:idea|clue) {_WH}",
            rf"(?:keep|kept|been|am|'m|are|'re) (?:asking|wondering|puzzling) (?:\w+ )?{_WH}|(?:not|never|n't) (?:\w+ )?(?:obvious|clear|evident)(?: \w+){{0,3}} {_WH}",
            rf"(?:doubt|question|worry|concern|puzzle|mystery) (?:\w+ )?(?:is|remains) {_WH}|(?:help|allow|enable|like|love|need) (?:\w+ )?to (?:know|understand|learn|hear) {_WH}",
            rf"(?:don't|doesn't|didn't|do not|did not|never) (?:\w+ )?(?:mention|say|explain|state|specify|describe|show) (?:\w+ )?{_WH}|interesting to (?:know|hear|see|learn) {_WH}",
            r"(?:interested in|curious about|know more about|details (?:on|about)|looking for) (?:the |a |an |some |more )?(?:\w+ )?(?:source|reference|guide|details?|instructions?|explanation|example|recipe|tutorial|answer)s?",
            r"(?:love|like|appreciate|need|want|use) (?:an? |some |more )?(?:\w+ )?(?:explanation|clarification|details|pointers?|example)s?|enlighten (?:me|us)|educate me",
            (
                r"(?:can|could|would|will) (?:you|someone|anyone|somebody|u)(?: please| kindly| maybe)?"
                r" (?:tell|explain|say|clarify|share|elaborate|help|point|describe|show|recommend|advise|confirm|let (?:me|us) know)"
            ),
            r"(?:please|pls|plz|kindly) (?:explain|tell|advise|clarify|let (?:me|us) know|help|elaborate|confirm)",
            rf"let (?:me|us) know {_WH}",
            rf"tell (?:me|us) (?:more about|{_WH})",
            (
                rf"{_START}(?:how|what|where|which|why|when|who)"
                r" (?:do|does|did|can|could|should|would|is|are|was|were|will|about|many|much|long|often|happens|else)"
            ),
            rf"{_START}(?:is|are) there (?:a|an|any)",
            rf"{_START}(?:do|does|can|could|will|should|would) (?:i|you|we|it|this|the|one|they)",
            rf"(?:trying|struggling|unable|failing) to (?:figure out|find out|work out|understand|decide|see) (?:\w+ )?{_WH}",
            r"(?:have|had|'ve|got|'ve got|with) (?:a|one|another|some|two|a few) (?:\w+ )?questions?",
            r"(?:my|the|one|quick|only|remaining) (?:\w+ )?question (?:is|would be|though|here|remains|about|for)",
            r"quick question|how come|wish i knew|question:|what's the (?:best|difference|right|easiest)",
            r"(?:need|could use|appreciate|looking for) (?:some |any |your |a bit of )?(?:help|advice|guidance|info|information)",
            rf"(?:doesn't|does not|didn't|did not|never|nowhere|nothing) (?:\w+ )?(?:says?|mentions?|explains?|states?|specify|specifies) (?:anything about )?{_WH}",
            rf"(?:hard|difficult|impossible) to (?:tell|say|see|know) {_WH}",
            rf"(?:missing|left out|missed) (?:is|was|the (?:part|bit|step|section|explanation)) {_WH}",
        ),
        Signal.FAULT: (
            r"thanks? (?:you )?for nothing|no thanks to",
            (
                rf"(?:does|do|did|is|has|have|was|were|wo|will|can|could){_NOT}(?: \w+){{0,2}}"
                r" (?:work|working|worked|arrived?|turn on|start|load|charge|connect|came|show up|fit|respond(?:ed)?|repl(?:y|ied)"
                r"|answer(?:ed)?|deliver(?:ed)?|log in|login|function|hold|refund(?:ed)?|shipped)"
            ),
            r"(?:stopped|quit) (?:working|charging|responding)",
            r"(?:broke|breaks|broken|cracked|cracks|shattered|leak(?:s|ed|ing|y)|ripped|tore|torn|snapped|faulty|defective|damaged|smashed|scratched|dented|mou?ldy)",
            r"(?:never|yet to|still (?:not|have not|has not|haven't|hasn't))(?: \w+)? (?:arrived?|received?|came|come|got|heard|shipped|repl(?:y|ied)|worked|delivered|refunded)",
            r"still (?:nothing|waiting|broken|no (?:\w+ )?(?:answer|reply|response|refund|parcel|package|delivery|order|sign|word|news|fix))",
            r"money back|(?:want|demand|need|give me|where is|where's|waiting for) (?:\w+ ){0,2}refund",
            r"(?:i'm|i am|we're|we are|i was|so|very|really|extremely|deeply|bitterly|pretty|quite|how) (?:\w+ )?(?:disappoint(?:ed|ing)|dissatisfied|unhappy|frustrat(?:ed|ing)|annoy(?:ed|ing)|fed up|furious|appalled|disgusted)",
            (
                r"(?:terrible|horrible|awful|poor|worst|dreadful|appalling|shocking|rubbish|lousy|useless|abysmal|pathetic|bad)"
                r" (?:\w+ ){0,2}(?:service|support|quality|experience|product|delivery|company|app|update|packaging|communication|staff|purchase)"
            ),
            r"unacceptable|waste of (?:money|time)|rip-?off|(?:complete|total|absolute) (?:joke|disgrace|mess)|disgraceful",
            r"(?:charged|billed)(?: \w+){0,3} (?:twice|again|double|wrong|three times)|overcharged",
            r"wrong (?:item|size|colou?r|product|order|part|parcel)",
            r"(?:missing|lost) (?:a |the |my )?(?:parts?|pieces?|items?|screws?|parcel|package|order)(?! where| about| on | that)",
            r"(?:keeps?|kept) (?:on )?(?:crashing|freezing|failing|breaking|disconnecting|logging me|turning)",
            r"crash(?:es|ed|ing)|(?:nobody|no one|noone)(?: \w+)? (?:answers?|repl(?:y|ies|ied)|responds?|answered|responded|picks|cares)",
            r"waiting (?:for )?(?:\w+ ){0,3}(?:weeks?|days?|months?|hours?)",
            r"(?:weeks?|days?|months?|hours?) (?:late|overdue|of waiting|without)",
            r"(?:third|second|fourth|fifth|3rd|2nd|4th) (?:time|parcel|one|replacement|unit) (?:\w+ ){0,6}(?:broke\w*|fail\w*|again|with|that)",
            r"never (?:again|buying|ordering|shopping|buy|order)|let (?:me|us) down|complain(?:t|ing)",
            r"(?:cancelled|canceled|lost) my (?:order|parcel|package|booking|data|account)",
            r"fails to|(?:login|update|payment|checkout|order|upload|sync) (?:fails|failed|is broken|keeps)",
            r"error (?:message|code|\d+)|garbage|crap|junk|sucks?|stinks|died after|(?:fell|came|comes|falls|falling|coming) (?:apart|off|undone)|not heard (?:a word|anything|back)|(?:a|the) (?:\w+ )?(?:dent|crack|scratch|stain|leak) (?:in|on|from)|not how (?:you|one) treats?|promised to (?:call|write|reply|send|refund)|(?:jammed|shrunk|shrank|peeling|rusted|bent|warped|unusable)|(?:gave|gives) up (?:after|on)|had enough of|on hold for|not as (?:described|advertised|pictured|promised)|(?:robot|copy-?paste|canned|standard) (?:answer|reply|replies)",
        ),
        Signal.MISHAP: mishaps.ENGLISH,
        Signal.DISAGREES: (
            r"(?:strongly |respectfully |totally |completely )?disagree|beg to differ|take issue|see (?:it|this|things) differently",
            rf"(?:do|can|could|would|wo){_NOT}(?: \w+){{0,2}} agree(?! more)|cannot (?:\w+ )?agree(?! more)|(?:'m|am|are) not (?:\w+ )?(?:convinced|persuaded|sold)",
            rf"{_CLAIM}(?:'s|'re| is| was| are| were| seems?| looks?| sounds?)?(?: \w+){{0,3}} {_WRONG}",
            rf"(?:is|was|are|were)n't (?:\w+ )?(?:true|correct|right|accurate)|(?:is|was|are) (?:simply |just |plainly |not )?{_WRONG}",
            (
                r"(?:you|author|article|post|piece|argument|analysis|text|he|she|writer)(?:'ve|'re| have| has| are| is| also| simply| completely){0,2}"
                r" (?:got (?:\w+ ){0,3}wrong|miss(?:es|ed|ing)|overlook(?:s|ed|ing)?|ignor(?:e|es|ed|ing)|forget(?:s|ting)?|forgot|confus(?:e|es|ed|ing)"
                r"|conflat\w+|oversimplif\w+|exaggerat\w+|overstat\w+|understat\w+|neglects?|leaves? out|mix(?:es|ed)? up)"
            ),
            r"(?:miss(?:es|ing)?|beside) the point|one-sided|oversimplif\w+|straw ?man|cherry-?pick\w*",
            r"(?:your|the|this) (?:\w+ )?(?:article|post|text|piece|page) (?:says|claims|states|suggests|implies)[^.!?]{5,150}[.!?] (?:\w+ ){0,2}(?:trials?|studies|study|research|data|evidence|experiments?|figures)",
            r"correction:|(?:small|minor|slight|one|tiny|quick|factual) (?:correction|mistake|error|nitpick)",
            r"(?:there(?:'s| is)|found|spotted|noticed) (?:a|an) (?:\w+ )?(?:mistake|error|typo)",
            r"\d[\d.,]* ?(?:%|percent)?,? (?:and )?not \d[\d.,]*|not \d[\d.,]* ?(?:%|percent)?,? but",
            r"devil's advocate|counter-?(?:argument|example|point)|on the contrary|quite the opposite|the opposite is (?:true|the case)",
            r"(?:does|do)(?:n't| not) (?:\w+ )?(?:hold (?:up|true|water)|follow|add up|stand up)",
            r"(?:i|we)(?:'d| would| must| have to| want to)? (?:\w+ )?(?:argue|contend|challenge|push back|dispute|object)",
            r"(?:with (?:all )?(?:due )?respect|fact check|far too (?:simple|simplistic|optimistic|one-sided|narrow|easy|harsh|rosy|generous))",
            r"too (?:simplistic|optimistic|narrow|rosy) (?:a|for)|not causation|nice try|you (?:say|write|claim|state) [^.!?]{1,40}\d[^.!?]{0,40} (?:says?|is|was|shows?|it's) [^.!?]{0,15}\d|(?:not|n't) (?:so |quite |entirely |really |too |at all )?sure (?:about (?:this|that|it)(?! part)|(?:that )?(?:i|we) agree)|part company|(?:can't|cannot) follow you|prove[nd]? (?:me )?wrong|mix(?:es|ing)? (?:up )?two things|strikes me as (?:\w+ )?(?:poor|wrong|odd|unfair|naive|too|strange|bad)|too easy for (?:yourself|yourselves)|(?:poor|bad|risky|dangerous|terrible) advice|advice (?:\w+ ){1,8}is (?:\w+ )?(?:poor|bad|risky|dangerous|wrong)|(?:and |, )?not since (?:last|this|\d)|if i may (?:object|disagree)|hold on|with respect",
            r"(?:this|it|that|which) (?:\w+ )?(?:ignores|overlooks|misses|forgets|neglects|oversimplifies|leaves out)|(?:^|[.!?] )(?:well,? |um,? |sorry,? )?actually,? (?:the|it|that|this|there|in|you)",
        ),
        Signal.LIKES: (
            r"(?:great|awesome|amazing|excellent|brilliant|fantastic|wonderful|superb|lovely|beautiful|gorgeous|perfect|outstanding|terrific|fabulous|impressive|inspiring|insightful|delightful|stunning)",
            r"(?:love|loved|loving|adore|enjoy|enjoyed)(?: \w+)? (?:it|this|that|these|the|your|how|reading|every|what|all)",
            r"(?:nice|good|solid|cool|neat|fine|interesting|fun) (?:\w+ )?(?:post|article|work|job|one|read|stuff|piece|video|photo|picture|idea|tip|tips|thoughts|points?|write-?up|summary|blog|content|site|list|guide|manual)",
            r"not bad(?: at all)?|no complaints|can't complain|well (?:done|said|written|put|explained)|good job|so true|spot on|bravo|kudos|congrat\w*|hats off|nailed it|keep (?:it up|up the)|made my day",
            r"(?:best|favou?rite) (?:\w+ ){1,4}(?:ever|read|seen|used|bought|year|tried|far)|couldn't agree more|(?:i )?(?:totally|completely|fully|so) agree",
            r"(?:so|very|really|super|incredibly|extremely|most) (?:helpful|useful|interesting|informative|happy|pleased|good|nice|clear|kind|friendly|cool|cute|pretty|tasty)",
            r"my (?:kids|children|son|daughter|wife|husband|family|team|mum|mom|dad) (?:loves?|loved|adores?|enjoy\w*)",
            r"(?:works|worked|tastes|looks|fits|sounds) (?:like a charm|great|perfectly|flawlessly|beautifully|wonderfully)",
        ),
        Signal.THANKS: (
            r"thank(?:s|you| you| u)|thanx|thnx|thx|tnx|tysm|tyvm|cheers|much obliged",
            r"(?:much|really|greatly|so) appreciated?|appreciate (?:it|this|that|the|your)|grateful|(?:you|u) saved (?:my|me)|life-?saver",
        ),
        Signal.WANTS: (
            r"how much (?:is|are|does|do|would|for)|what(?:'s| is| are|'re) the (?:price|cost)s?|price(?: list)?\?|how expensive",
            r"where (?:can|could|do|to|would|might) (?:(?:i|we|you|one|people) )?(?:\w+ )?(?:buy|get|order|purchase|find (?:one|it|these|this|them))",
            r"(?:want|like|love|going|looking|planning|ready|keen|hoping) to (?:buy|order|purchase|get one|pre-?order|try one)",
            r"(?:in|out of|back in) stock|(?:ship|deliver)(?:s|ing)? to|do you (?:also )?(?:sell|ship|deliver|stock)|for sale|sell (?:it|them|those|these) separately",
            r"take my money|need (?:one|this|it) in my life|when (?:will|does|can) (?:\w+ ){1,4}(?:be available|go on sale|come out|launch)",
            r"is there an? (?:\w+[- ]){0,3}(?:version|one|model|size|edition),? and (?:what|how)",
        ),
        Signal.SUGGESTS: (
            r"(?:you|they|you guys|it|there|someone) (?:\w+ )?(?:should|could|might want to|may want to|ought to) (?:\w+ )?(?:add|make|offer|have|include|consider|bring|let|allow|use|try|sell|build|give|put|be)",
            r"(?:would|it'd|'d|might) be (?:\w+ )?(?:nice|great|good|cool|helpful|useful|awesome|handy|better|lovely|amazing)(?: \w+)? (?:if|to have|to see|to be able)",
            r"(?:please|pls|plz) (?:add|bring back|consider|make|include|offer|support|give us)|feature request|suggestion|bring back the",
            r"(?:i|we)(?:'d| would) (?:\w+ )?(?:suggest|recommend|propose|love to see|like to see)|may i suggest|can i suggest",
            r"(?:how|what) about (?:adding|making|a|an|offering)|why not (?:add|make|offer|use|just)|wish (?:you|it|there|they|the \w+) (?:had|would|was|were|could|made|came)",
            r"(?:a|an) [\w -]{2,40} would (?:save|help|make|be)|here's an idea|idea:",
        ),
        Signal.PARTNERS: (
            r"partner(?:ship|ing)?s?(?: with you)?|collaborat\w+|co-?operation|sponsor(?:ship|ing)|work(?:ing)? (?:together|with you)|join forces",
            r"guest post|resell(?:er|ers|ing)|distribut(?:or|ors|ion)|wholesale|supplier|press (?:inquiry|enquiry|request)|journalist|(?:interview|invite) you|speak at|host your",
        ),
        Signal.ALARM: (
            r"(?:caught|catch(?:es|ing)?|is on|on|set) fire(?! sale)|explod(?:e|ed|es|ing)|smok(?:e|ed|ing) (?:from|coming|beside|next|out|when|while|pour)|(?:was|is|started|began) (?:to )?smok(?:e|ing)",
            r"(?:it|battery|charger|cable|plug|adapter|device|motor|oven|lamp|sensor|phone|laptop|heater|socket) (?:\w+ ){0,2}(?:smoked|melted|sparked|sparks|overheated|overheats)|(?:got|gets|became|was|is) (?:so|too|extremely|dangerously|burning) hot (?:that|to (?:touch|hold))",
            r"electric(?:al)? shock|electrocuted|burn(?:t|ed|s)? (?:my|his|her|our|the) (?:\w+ )?(?:hand|hands|finger|fingers|skin|face|arm|leg|child|son|daughter|house|carpet|bed)|melt(?:ed|ing) (?:in|while|on|next)",
            r"(?:got|was|were|been|is) (?:\w+ )?(?:injured|hospitali[sz]ed|poisoned|bleeding)|(?:in|to|at) (?:the )?(?:hospital|emergency room|a&e)|ambulance|allergic (?:reaction|shock)|chok(?:ed|ing) on|glass in (?:my|the|our)",
            r"kill myself|killing myself|suicid\w+|end my life|(?:want|wanna|going) to die|self-?harm\w*|hurt myself",
            r"data (?:leak|breach|theft)|leaked (?:my|our|customer)|(?:account|site|shop|page) (?:was|got|has been|is) hacked|(?:see|seeing|shows?|showing) (?:other|somebody else's|someone else's) (?:people's|customers'?|users'?|\w+)",
            r"my (?:lawyer|solicitor|attorney)|legal action|(?:sue|suing) (?:you|them|the)|see you in court|going to the police|class action|consumer protection",
            r"(?:gas|carbon monoxide) (?:leak|smell)|smell(?:s|ed)? (?:of )?(?:gas|burning)|danger to (?:life|children|people)|life-?threatening",
        ),
        Signal.ABUSE: (
            r"(?:you|you're|you are|u r|ur|bunch of|fucking|stupid|bloody) (?:\w+ ){0,2}(?:idiots?|morons?|scum|worthless|subhuman|imbeciles?|retards?|losers?|cretins?|vermin|pigs|trash|clowns)",
            r"fuck (?:you|off|u)|kill yourself|hope you (?:all )?(?:die|rot)|go to hell|piss off|shut up|i(?:'ll| will) (?:find|hurt|kill) you|subhuman",
        ),
        Signal.GREETS: (
            r"good (?:morning|evening|night|afternoon)|hello (?:everyone|all|there|from)|hi (?:everyone|all|there|from)|happy (?:monday|tuesday|wednesday|thursday|friday|weekend|birthday|new year|easter|holidays)|merry christmas",
            r"who else|lol|lmao|haha\w*|hehe\w*|first!|see you (?:there|tomorrow|soon|all)|greetings from|have a (?:nice|good|great) (?:day|weekend|evening)|monday again",
        ),
        Signal.SHARES: (
            r"(?:this is|that's|here's|here is) the (?:one|article|post|link|thing) (?:i|we) (?:meant|mentioned|told)|(?:you|u) (?:should|need to|must|have to|gotta) (?:see|read|watch) this|check (?:this|it) out|look at this|have a look|read this|sharing this|shared (?:this|it)|worth (?:a read|reading|sharing)|must[- ]read|passing (?:this|it) on",
        ),
        Signal.WARNS: (
            r"be careful|beware|watch out|warning|heads up|avoid (?:this|these|the|them)|do(?:n't| not) (?:buy|use|order|trust|fall)|(?:people|everyone|folks|guys), (?:check|be|do|don't|never)|stay away|caution",
        ),
        Signal.HURRY: (
            r"urgent(?:ly)?|asap|a\.s\.a\.p\.?|as soon as possible|right now|immediately|(?:today|tonight|tomorrow)|(?:locked|logged) out|deadline|by (?:monday|tuesday|wednesday|thursday|friday|tomorrow|tonight|noon)|in an hour|running out of time|(?:can't|cannot) (?:log ?in|access|sign in)",
        ),
        Signal.SOLVED: (
            r"(?:that|this|it|which|you|resetting it|reset|restart|update|and) (?:\w+ )?(?:fixed|solved|resolved|did (?:it|the trick)|worked)|(?:all|problem|issue|now) (?:\w+ )?(?:solved|fixed|sorted|resolved|good now)|works (?:fine |great |perfectly |again )?(?:now|again)|working (?:now|again)|for (?:the|your) (?:quick|fast|kind|great|prompt) (?:help|reply|answer|response|support)",
        ),
        Signal.GOOD: (
            r"good|nice|happy|glad|pleased|helped|helpful|useful|interesting|fun|best|better|works|worked|yay|recommend|enjoyable|cool|neat|friendly|fast|reliable",
        ),
        Signal.BAD: (
            r"bad|worse|worst|terrible|horrible|awful|poor|useless|sad|angry|hate|annoy\w*|disappoint\w*|frustrat\w*|fail(?:s|ed|ure)?|broken|problem|wrong|slow|unfortunately|ridiculous|shame|ugly|boring|rude|nothing works|disgust\w*|pathetic|mistake|unhappy|stupid|worthless",
        ),
    },
    weak={
        **mishaps.ENGLISH_HINTS,
        Signal.DISAGREES: (
            r"but|however|although|though|nevertheless|nonetheless|on the other hand|whereas|actually|in fact|in reality|rather",
            r"in my (?:experience|view|opinion)|i (?:don't|do not) (?:think|believe|buy|see)|doubt|hardly|evidence|claims?|argu(?:e|es|ment|ments)|premise|conclusions?|conclude\w*|assum(?:e|es|ing|ption|ptions)|comparison|compare\w*|anecdot\w+|statistics?|study|studies|survey|data|figures|examples?|counter\w*|you (?:write|say|claim|describe|mention|recommend|suggest|quote|mix|assert|present|conclude)|the author|(?:your|this|the) (?:figures|examples|argument|point|claim|list|conclusion|thesis|reasoning|article|post|piece|advice)|i think|my guess|i suspect|perhaps|convinc\w+|prove[nd]?|instead|yet|meanwhile|fair(?:er)?|reality|in practice|merely|simply|question is|means?|unless|even if|granted|admittedly|of course|matters?|theory|generali[sz]\w+|correlat\w+|causes?|causal|should (?:read|say)|skeptical|sceptical|problem with|reality is|truth is",
        ),
        Signal.ASKS: (
            r"whether|(?:know|understand|see|tell|explain|learn|hear|mention|say|find|doubt|figure|guide|idea|ask\w*|discover\w*|curious|interested|looking|trying)(?: \w+){0,5} (?:how|what|why|where|which|when|who|if)|(?:haven't|have not) (?:discovered|found|figured)|(?:can't|cannot|couldn't|could not)(?: \w+){0,6} (?:find|work out|figure out)|about (?:how|what|why)",
        ),
        Signal.FAULT: (
            r"problem|issue|slow|expensive|late|wrong|again|bug|bugs|fail(?:s|ed|ure)?|refund|useless|poor|bad|worse|worst|terrible|awful|horrible|disappoint\w*|annoying|unfortunately|not (?:happy|good|great|ok|okay|acceptable)",
        ),
        Signal.LIKES: (
            r"good|nice|cool|like (?:it|this|that)|liked|yes|yay|wow|helpful|useful|happy|informative|interesting|agree|true",
        ),
        Signal.ALARM: (r"lawyer|court|police|hospital|smoke|fire|blood|hacked|leak",),
        Signal.WANTS: (r"price|cost|buy|order|available|availability",),
    },
)
