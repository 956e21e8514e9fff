"""Whether a sentence answers the type of a question: who, a name; how many days, a number of days; when, a time.

What a passage says may be true and still no answer. Only types that leave signs in a text are told; of a why, a what or a yes-or-no
question every sentence is taken to be of the type.
"""

import re
from collections.abc import Sequence
from typing import Literal

from retrieval.checks.asked.measures import LENGTHS, TIMES, WEIGHTS, YEAR
from retrieval.checks.claims import Statement, ask, read
from retrieval.checks.evidence import says
from retrieval.checks.numbers import Number, numbers
from retrieval.text.words import language

Type = Literal[
    "person", "place", "time", "duration", "length", "weight", "age", "money", "percent", "count", "cause", "any"
]

_ASKED: tuple[tuple[Type, str], ...] = (
    ("percent", r"\b(?:what|which|how many) per ?cent(?:age)?\b|百分之(?:多少|几|幾)|占比|比例是多少"),
    (
        "money",
        r"\bhow (?:much|many) (?:money|dollars|euros|pounds)\b|\bhow much (?:is|are|was|were)\b(?! (?:known|left|said|enough|of|there)\b)|\bhow much (?:do|does|did|is|are|was|were|will|must|may|can|should)\b[^?]*\b(?:cost|costs|pay|paid|"
        r"earn|charge|fee|price|ticket|wage|salary|rent|worth|get)\b|\bwhat (?:do|does|did)\b[^?]*\bcost\b|\b(?:price|cost|fee) of\b"
        r"|多少钱|多少錢|几块钱|多少[万亿]?(?:元|美元|欧元)|什么价|价格是多少|费用是多少",
    ),
    ("age", r"\bhow old\b|多大(?:年纪|岁数|了)|几岁|幾歲|多少岁"),
    ("length", r"\bhow (?:tall|high|deep|wide|far)\b|多[高深宽寬远遠](?![的])"),
    ("weight", r"\bhow heavy\b|\bhow much (?:do|does|did) [^?]*\bweigh|多重|多少(?:公斤|千克|吨)"),
    (
        "duration",
        r"\bhow long (?:ago|do|does|did|will|may|must|can|has|have|had|until|before)\b|多久|多[长長]时间|多長時間"
        r"|\bhow long (?:is|are|was|were)\b[^?]*\b(?:periods?|terms?|notice|warranty|guarantee|contract|lease|courses?|films?|breaks?|leave|holidays?"
        r"|training|probation|trial|wait|flights?|trips?|rides?|exams?|lessons?|meetings?|shifts?|visits?|stays?|deadline|delivery)\b",
    ),
    (
        "time",
        r"(?:^\W*|\b)when (?:do|does|did|is|are|was|were|will|would|has|have|had|can|must|may|should)\b|^\W*(?:and )?when\W*$|\b(?:what|which|in what|in which) (?:year|date|century|decade|month|day)\b|\b(?:at )?what time\b|\bhow (?:late|early)\b|何时|何時|什[么麼]时候|什麼時候"
        r"|哪一?[年月日天]|何年|几点|几月|几号|幾點|(?:星期|周|礼拜)[几幾]",
    ),
    (
        "count",
        r"\bhow many\b|\bnumber of\b|多少(?!钱|錢)|[几幾](?=[个個名位次天年月岁层层层座条條项項种種人件本台辆輛块張张门門])",
    ),
    ("cause", r"\bwhy\b|\bwhat (?:is|was|were|are) the reasons?\b|为什[么麼]|為什麼|为何|為何|原因"),
    ("person", r"\bwho(?:m|se)?\b|谁|誰|何人|哪一?位|哪個人|哪个人|什么人"),
    (
        "place",
        r"\bwhere\b|\b(?:what|which) (?:city|country|state|town|place|location)\b|哪里|哪裡|哪儿|何地|何处|何處|哪[一个個]?(?:国家|國家|城市|地方|省|州)|什[么麼]地方",
    ),
)
_ASKS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKED)
_COUNTED = re.compile(
    r"\bhow many (?P<spaced>(?:square |cubic )?[^\W\d_]+)|(?:多少|[几幾])个?(?P<dense>平方(?:公里|英里|千米|米)|公里|英里|分钟|小时|星期|月|[天年周秒米吨])",
    re.IGNORECASE,
)
_SOME = re.compile(
    r"\b(?:once|twice|thrice|none|no|nobody|never|dozens|hundreds|thousands|millions|several|many|most|half|single|both|double|few|each|every)\b"
    r"|[无没]|多次|许多|大量|大片|全部|所有|一半|唯一|每",
    re.IGNORECASE,
)
"""Words that say how many without a number."""
_TIME = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|spring|summer|autumn|fall|winter|century|decade|morning|noon|afternoon|evening|night|midnight|o'clock|today|tomorrow|yesterday|week|month"
    r"|year|day|after|before|until|during|as soon as|once|when|end|beginning|start|centuries)\b|\d0s\b|[年月日号天周時时点點晚早夏冬春秋前后後]|世[纪紀]|当天|期间|期間",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b\w+(?:er|or|ist|ee|ian|ant|man|men|woman|women|ess)s?\b|\b(?:director|head|staff|team|committee|board|council|department|company|court|office|officer"
    r"|people|parents?|children|group|government|ministry|king|queen|chief|police|president|firm|family|party|church|army|clerk|agent|everybody|everyone"
    r"|nobody|person|guests?|students?|monks?|union)\b",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"\b(?:because|since|due|owing|as|so|therefore|thus|hence|reason|causes?d?|result\w*|response|led|leads?|must|had|needs?|needed|wanted|order|avoid|for|if|until|too)\b"
    r"|因|由于|由於|为了|為了|以[便免致求防及]?|所以|导致|導致|使|从而|而|必须|需要|否则",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:in|at|near|on|from|to|by|beside|behind|between|under|above|along|inside|outside|off)\b", re.IGNORECASE
)
_BARE = re.compile(
    r"(?:yes|no|yeah|是的?|不是|可以|不可以|不?能|不?对|不?会|有|没有)[.。!！]?|[一二三四五六七八九十]{1,3}、[^\W\d_]{2,12}",
    re.IGNORECASE,
)
"""Yes or no alone, which stands in every text, and the heading of a chapter (六、个人信息)."""
_JOINT = re.compile(r"[\s,.]*(?:of |the )?", re.IGNORECASE)
_COUNTERS = frozenset("次本个位名人口件台辆张门条项种层间座岁份只艘")
_ANY = frozenset("个位名人口")  # of people
_COUNTER = re.compile(f"(?:[几幾]|多少)([{''.join(sorted(_COUNTERS))}])")
_MONEY_LESS = TIMES | LENGTHS | WEIGHTS | {YEAR, "area"}


def asked_type(question: str) -> Type:
    """The first type whose words stand in the question."""
    return next((kind for kind, pattern in _ASKS if pattern.search(question)), "any")


def answers(question: str, sentence: str, quotes: Sequence[str] = ()) -> bool:
    """Whether the sentence is of the type that is asked for. `quotes` are what supports it: they tell what its numbers count."""
    kind = asked_type(question)
    tongue = language(sentence)
    known, said = ask(question, tongue), read(sentence, tongue)
    if _BARE.fullmatch(sentence.strip()):
        return False
    if kind == "cause":
        return any(_CAUSE.search(text) for text in (sentence, *quotes))
    if kind in ("any", "person", "place"):
        beside = kind == "any" or (kind == "place" and _PLACE.search(sentence) is not None)
        return beside or _names(known, said)
    found = _told_more(_new_numbers(known, said), quotes)
    if kind == "count":
        found = [
            n for n in found if not _is_day(n, quotes or (sentence,)) and not _of_other_things(question, sentence, n)
        ]
    if kind == "time":
        return bool(_TIME.search(sentence)) or any(n.measure in ("", YEAR, *TIMES) for n in found)
    if kind == "count" and not found:
        return bool(_SOME.search(sentence))
    years = sum(number.measure == YEAR for number in found)  # from 1870 to 1939
    return (kind == "duration" and years > 1) or any(_fits(kind, question, number) for number in found)


def _is_day(number: Number, texts: Sequence[str]) -> bool:
    """Whether wherever it stands it is the day of a month."""
    places = [(text, n) for text in texts for n in numbers(text) if n.unit != "month" and n.agrees(number)]
    return bool(places) and all(_beside_a_month(text, n) for text, n in places)


def _beside_a_month(text: str, day: Number) -> bool:
    months = [n for n in numbers(text) if n.unit == "month"]
    between = [text[min(day.end, n.end) : max(day.start, n.start)] for n in months]
    return any(_JOINT.fullmatch(gap) for gap in between)


def _of_other_things(question: str, sentence: str, number: Number) -> bool:
    """几次 asks for times and not for 五本."""
    asked = _COUNTER.search(question)
    told = next((n for n in numbers(sentence) if n.agrees(number)), None)
    counter = sentence[told.end - 1] if told else ""
    if not asked or counter not in _COUNTERS or asked[1] == counter:
        return False
    return not {asked[1], counter} <= _ANY and "个" not in (asked[1], counter)


def values(question: str, sentence: str) -> frozenset[tuple[float, str] | str]:
    """What a sentence answers with: its numbers of the type that is asked for, else its names. Two texts that answer with none
    in common do not say the same."""
    kind = asked_type(question)
    tongue = language(sentence)
    known, said = ask(question, tongue), read(sentence, tongue)
    if kind in ("any", "cause"):
        return frozenset()
    if kind in ("person", "place"):
        new = [item for item in said.items if not says(known, item)]
        return frozenset(item.key for item in new if item.capital or item.kind == "pair")
    found = [n for n in _new_numbers(known, said) if not any(n.agrees(other) for other in known.numbers)]
    times = ("", YEAR, *TIMES)
    fit = [n for n in found if (n.measure in times if kind == "time" else _fits(kind, question, n))]
    return frozenset((number.value, number.unit) for number in fit)


def _names(known: Statement, said: Statement) -> bool:
    """In scripts without capitals any two characters; else a name, a role, or a word or two by themselves."""
    new = [item for item in said.items if not says(known, item)] or list(said.items)
    if any(item.capital or item.kind in ("name", "pair") for item in new) or _ROLE.search(_without(known, said)):
        return True
    if any(item.kind == "link" for item in new):
        return len(said.text) <= _SHORT
    return len(said.items) <= _WORDS and not any(item.number for item in new)


_SHORT = 4  # characters of a name: 林晓
_WORDS = 3  # "their disciples", "nursing homes"


def _without(known: Statement, said: Statement) -> str:
    return " ".join(said.text[item.start : item.end] for item in said.items if item.key not in known.keys)


def _new_numbers(known: Statement, said: Statement) -> list[Number]:
    """Those the question does not say; all where it says each: "Is it 12 or 15 days?"."""
    fresh = [number for number in said.numbers if not any(number.agrees(other) for other in known.numbers)]
    return fresh or list(said.numbers)


def _told_more(found: Sequence[Number], quotes: Sequence[str]) -> list[Number]:
    """A number that counts nothing in a short answer ("1887") counts what it does where it stands."""
    theirs = [number for quote in quotes for number in numbers(quote)]
    told: list[Number] = []
    for number in found:
        same = [t for t in theirs if number.agrees(t)] if not number.measure and not number.unit else []
        told += same or [number]
    return told


def _fits(kind: Type, question: str, number: Number) -> bool:
    if kind == "percent":
        return number.unit == "%" or (not number.unit and not number.measure)
    if kind == "money":
        return number.unit != "month" and number.measure not in _MONEY_LESS
    if kind == "count":
        return _counts(question, number)
    wanted = {"length": LENGTHS, "weight": WEIGHTS, "duration": TIMES, "age": {"years", "month", YEAR}}[kind]
    return number.measure in wanted or (not number.measure and not number.unit)


def _counts(question: str, number: Number) -> bool:
    """A number that counts something else does not answer: 1887 of the calendar or 9 metres are no number of projects."""
    if number.unit == "month" or number.measure == YEAR:
        return False
    asked = _COUNTED.search(question)
    if not asked:  # 多少 by itself also asks how much
        return True
    noun = f" {asked['spaced']}" if asked["spaced"] else asked["dense"]
    wanted = next((n.measure for n in numbers(f"7{noun}")), "")
    if wanted:
        return number.measure in ("", wanted) and number.unit != "%"
    return not number.measure
