"""What a word like "longest", "cheaper" or "before 1900" is about: which end of which figures."""

import re
from dataclasses import dataclass
from typing import Literal

from chatbot.tasks.answer.routes.asking import holds
from retrieval.checks.numbers import numbers

End = Literal["max", "min"]

_LENGTH = "length long duration 长度 全长 长"
_TIME = "time duration 时间 用时 耗时 时长"
_MONEY = "price cost fee upkeep budget rent fare salary wage 价格 费用 造价 预算 金额 单价 价钱 票价 租金 工资"
_YEAR = "built year date founded opened finished start begin since born 年份 年 日期 时间 开工 建成 成立 开业 出生"
_AGE = "age 年龄 岁数 年纪"
_HEIGHT = "height altitude elevation size area population total 高度 海拔 身高 面积 人口 总数 规模"
_SIZE = "size area population total capacity volume 面积 人口 总数 规模 容量 体积"
_WEIGHT = "weight mass 重量 体重 净重 毛重 自重"
_NOISE = "noise loudness sound 噪音 噪声 音量"


@dataclass(frozen=True, slots=True)
class _Word:
    """`most` and `more` in English, `dense` the Chinese adjective, which compares after 更 and at the end of a question; `also`
    where else. `end` is of the figures that `keys` name; of those that `turned` do it is the other one. `telling`: the word
    says by itself what is measured."""

    most: str
    more: str
    dense: str
    end: End
    keys: str
    turned: str = ""
    telling: bool = True
    also: str = ""

    @property
    def patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        also = f"|{self.also}" if self.also else ""
        more = rf"\b(?:{self.more})\b|(?:更|比较|比較)(?:{self.dense})|(?:{self.dense}){_DENSE_END}{also}"
        most = rf"\b(?:the )?(?:{self.most})\b|最(?:{self.dense})"
        return re.compile(most, re.IGNORECASE), re.compile(more, re.IGNORECASE)


_DENSE_END = r"(?=[一些点點了呢吗嗎]*[？?。！!\s]*\Z)"
_FIRST, _LAST = r"first(?=\W*\Z|,)", r"last(?=\W*\Z)"
_WORDS = (
    _Word("longest", "longer", "[长長]", "max", _LENGTH),
    _Word("shortest", "shorter", "短", "min", f"{_LENGTH} height 身高"),
    _Word("tallest", "taller", "高大", "max", "height tall 高度 身高"),
    _Word(
        f"oldest|earliest|{_FIRST}",
        "older|earlier|sooner|first",
        "[早老先旧]|古老",
        "min",
        _YEAR,
        _AGE,
        also="[先早](?!生|进)",
    ),
    _Word(
        f"newest|youngest|latest|most recent(?:ly)?|{_LAST}",
        "newer|younger|later|more recent",
        "[新晚后後近]|年轻",
        "max",
        _YEAR,
        f"{_AGE} distance 距离",
        also="[后後晚](?!面)",
    ),
    _Word(
        "most expensive|costliest|dearest|priciest", "more expensive|dearer|costlier|pricier", "[贵貴]", "max", _MONEY
    ),
    _Word("cheapest|least expensive", "cheaper|less expensive", "便宜", "min", _MONEY, also="便宜"),
    _Word("heaviest", "heavier", "重", "max", _WEIGHT),
    _Word("lightest", "lighter", "[轻輕]", "min", _WEIGHT),
    _Word("loudest|noisiest", "louder|noisier", "[吵响]", "max", _NOISE),
    _Word("quietest", "quieter", "[静靜]|安静", "min", _NOISE),
    _Word("most powerful|strongest", "more powerful|stronger", "强劲|有力", "max", "power 功率"),
    _Word("fastest|quickest", "faster|quicker", "快", "max", "speed 速度", _TIME),
    _Word("slowest", "slower", "慢", "min", "speed 速度", _TIME),
    _Word("deepest", "deeper", "深", "max", "depth deep 深度"),
    _Word("shallowest", "shallower", "[浅淺]", "min", "depth deep 深度"),
    _Word("widest|broadest", "wider|broader", "[宽寬]", "max", "width wide 宽度"),
    _Word("narrowest", "narrower", "窄", "min", "width wide 宽度"),
    _Word("farthest|furthest", "farther|further", "[远遠]", "max", "distance 距离"),
    _Word("nearest|closest", "nearer|closer", "靠近", "min", "distance 距离"),
    _Word("hottest|warmest", "hotter|warmer", "[热熱]|暖和", "max", "temperature 温度 气温"),
    _Word("coldest|coolest", "colder|cooler", "冷", "min", "temperature 温度 气温"),
    _Word("highest", "higher", "高", "max", _HEIGHT, telling=False),
    _Word("lowest", "lower", "低", "min", _HEIGHT, telling=False),
    _Word("biggest|largest|greatest|most", "bigger|larger|greater|more", "[大多]", "max", _SIZE, telling=False),
    _Word("smallest|least|fewest", "smaller|less|fewer", "小|(?<!多)少", "min", _SIZE, telling=False),
)
_RULES = tuple((word, *word.patterns) for word in _WORDS)
_BOUND = re.compile(
    r"\b(?P<over>(?:more|greater|higher|longer|larger|taller|later) than|over|above|at least|after|since|exceeding)\s+(?P<a>[$€£]?\s?[\d.,]+)"
    r"|\b(?P<under>(?:less|fewer|lower|shorter|smaller|earlier) than|under|below|at most|before)\s+(?P<b>[$€£]?\s?[\d.,]+)"
    r"|(?P<zover>超过|超過|多于|大于|高于|晚于)(?P<c>[\d.,]+)[万亿年元米]?|(?P<zunder>少于|低于|小于|不到|不足|早于)(?P<d>[\d.,]+)[万亿年元米]?"
    r"|(?P<e>[\d.,]+)[万亿年元米]?(?:(?P<tover>以上|以后|之后|后)|(?P<tunder>以下|以前|之前|前))",
    re.IGNORECASE,
)


_SUPERLATIVE = re.compile(r"\b(?:most|least) [^\W\d_]+|\b\w{2,}est\b|最[^\W\d_]", re.IGNORECASE)
_COMPARATIVE = re.compile(r"\b(?:more|less) [^\W\d_]+|\b\w{2,}er\b|更[^\W\d_]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`rest` is the question without the words of the extreme or the bound. `keys` name what is measured, where the word tells;
    `turned` name what is measured the other way round: who is oldest was born first, and has the greatest age."""

    rest: str
    keys: tuple[str, ...]
    end: End = "max"
    telling: bool = False
    turned: tuple[str, ...] = ()
    bound: float | None = None
    inclusive: bool = False

    def allows(self, number: float) -> bool:
        """Whether it lies within the bound, if there is one."""
        if self.bound is None or (self.inclusive and number == self.bound):
            return True
        return number > self.bound if self.end == "max" else number < self.bound

    def end_of(self, header: str) -> End:
        if not any(holds(header, key) for key in self.turned) or any(holds(header, key) for key in self.keys):
            return self.end
        return "min" if self.end == "max" else "max"


def extreme(question: str) -> Wanted | None:
    """The longest, 最多."""
    return _first(question, 0)


def comparative(question: str) -> Wanted | None:
    """Longer, 更多, 哪个长."""
    return _first(question, 1)


def _first(question: str, degree: Literal[0, 1]) -> Wanted | None:
    for word, *patterns in _RULES:
        if found := patterns[degree].search(question):
            rest = question[: found.start()] + " " + question[found.end() :]
            return Wanted(rest, tuple(word.keys.split()), word.end, word.telling, tuple(word.turned.split()))
    return None


def extreme_words(question: str) -> str:
    """As the question says it: "longest", 最高, "older"; "" for none."""
    found = _SUPERLATIVE.search(question) or _COMPARATIVE.search(question)
    return found.group() if found else ""


def bound(question: str) -> Wanted | None:
    """More than 300, before 1900, 500以上."""
    found = _BOUND.search(question)
    figures = next((found[name] for name in "abcde" if found[name]), "") if found else ""
    value = next((n.value for n in numbers(figures)), None) if figures else None
    if not found or value is None:
        return None
    over = bool(found["over"] or found["zover"] or found["tover"])
    rest = question[: found.start()] + " " + question[found.end() :]
    year = 1000 <= value <= 2100 and figures.strip().isdigit()
    inclusive = re.search(r"least|most|since|以上|以下", found.group(), re.IGNORECASE) is not None
    return Wanted(
        rest, tuple((_YEAR if year else "").split()), "max" if over else "min", year, bound=value, inclusive=inclusive
    )
