"""What a translation lost, found by words and signs: times and fractions in the target's own form, a negation, emoji, and
stretches that are still in the source's language."""

import re
from collections import Counter

import regex

from chatbot.tasks.language import primary

_TIME = re.compile(
    r"(?P<noon>下午|午後|晚上|오후)?(?<![\d.,:])(?P<h>\d{1,2})(?:\s?[:h点點時时시]\s?|\.(?=\d\d\s?(?:Uhr|[ap]\.?m)))(?P<m>\d\d|半)?"
    r"(?:\s?(?:Uhr|分)|\s?(?P<half>[ap])\.?m\b\.?)?|(?<![\d.,:])(?P<hour>\d{1,2})\s?(?:(?P<of>[ap])\.?m\b\.?|Uhr\b)",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?<![\d.])(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?!\d)")
_FRACTIONS = {
    "1/2": r"½|\bhal[fbv]\w*|\bdemi\w*|\bmoitié|\bmedi[oa]s?\b|\bmitad|\bmet[aà]d?e?|\bmezz\w+|\bmei[oa]\b|一半|半|二分之一|\bполови\w+",
    "1/3": r"⅓|\bthird|\bdrittel|\btiers|\bterci\w+|\bterz\w+|\bterço|三分之一|\bтрет\w+",
    "2/3": r"⅔|\btwo.thirds|\bzwei drittel|\bdeux tiers|\bdos tercios|\bdue terzi|\bdois terços|三分之二",
    "1/4": r"¼|\bquarter|\bviertel|\bquart\b|\bcuart\w+|\bquart\w+|四分之一|\bчетверт\w+",
    "3/4": r"¾|\bthree.quarters|\bdreiviertel|\bdrei viertel|\btrois.quarts|\btres cuart\w+|\btre quarti|四分之三",
}
_COUNTS = [
    "null|zéro|cero|zero|零|〇",
    "one|a|an|once|first|ein\\w*|un|une|uno|una|um|uma|premi\\w+|primer\\w*|primo|erste\\w*|один|одна|一",
    "two|twice|both|second\\w*|zwei\\w*|beide\\w*|deux|deuxième|dos|segund\\w+|due|dois|duas|два|две|二|两|兩|双",
    "three|third|drei\\w*|dritte\\w*|trois\\w*|tres|tercer\\w*|tre|três|три|三",
    "four\\w*|vier\\w*|quatre|quatrième|cuatro|cuart\\w+|quattro|quatro|четыре|四",
    "five|fifth|fünf\\w*|cinq\\w*|cinco|quint\\w+|cinque|пять|五",
    "six\\w*|sechs\\w*|seis|sei|шесть|六",
    "seven\\w*|sieben\\w*|siebte\\w*|sept\\w*|siete|sette|sete|семь|七",
    "eight\\w*|acht\\w*|huit\\w*|ocho|otto|oito|восемь|八",
    "nine|ninth|neun\\w*|neuf|neuvième|nueve|nove|девять|九",
    "ten|tenth|zehn\\w*|dix\\w*|diez|dieci|dez|десять|十",
    "eleven\\w*|elf\\w*|onze|once|undici|одиннадцать|十一",
    "twelve|twelfth|zwölf\\w*|douze|doce|dodici|doze|двенадцать|dozen|dutzend|douzaine|docena|十二",
]
_TENS = {
    20: "twenty|zwanzig|vingt|veinte|venti|vinte|двадцать|二十", 30: "thirty|dreißig|trente|treinta|trenta|trinta|тридцать|三十",
    40: "forty|vierzig|quarante|cuarenta|quaranta|quarenta|сорок|四十", 50: "fifty|fünfzig|cinquante|cincuenta|cinquanta|cinquenta|пятьдесят|五十",
    60: "sixty|sechzig|soixante|sesenta|sessanta|sessenta|шестьдесят|六十",
    70: "seventy|siebzig|soixante-dix|setenta|settanta|семьдесят|七十", 80: "eighty|achtzig|quatre-vingts?|ochenta|ottanta|oitenta|восемьдесят|八十",
    90: "ninety|neunzig|quatre-vingt-dix|noventa|novanta|девяносто|九十", 100: "hundred|hundert|cent|ciento?s?|cien|cento|cem|сто|一百|百",
    1000: "thousand|tausend|mille?|mil|тысяч\\w*|一千|千",
}  # fmt: skip
_MONTHS = [
    "jan|jän|ene|gen|янв|1月|一月", "feb|fév|fev|фев|2月|二月", "mar|mär|мар|3月|三月", "apr|avr|abr|апр|4月|四月",
    "may|mai|mag|май|мая|5月|五月", "jun|juin|giu|июн|6月|六月", "jul|juil|lug|июл|7月|七月", "aug|août|aou|ago|авг|8月|八月",
    "sep|set|сен|9月|九月", "oct|okt|ott|out|окт|10月|十月", "nov|ноя|11月|十一月", "dec|dez|déc|dic|дек|12月|十二月",
]  # fmt: skip
_MONTH = re.compile(
    rf"(?i)(?<![^\W\d_])(?:{'|'.join(part for names in _MONTHS for part in names.split('|') if not part[0].isdigit())})[a-zäéûçа-я]*\b"
)
_NAMES = "|".join(
    part for names in _MONTHS for part in names.split("|") if part[0].isalpha() and not part.endswith("月")
)
_DATED = re.compile(  # a month beside a day or a year: "may" and "march" are words as well
    rf"(?i)(?<![^\W\d_])(?:(?P<before>{_NAMES})[a-zäéûçа-я]*\.?\s+\d|\d(?:st|nd|rd|th|er|º|\.)?\s+(?:of\s+|de\s+)?(?P<behind>{_NAMES})[a-zäéûçа-я]*)|(?P<number>\d{{1,2}})月(?!前|后|内|来)"
)
_SCALES = (
    (r"万亿|兆|trillion|billionen|billones", 1e12), ("千亿", 1e11), ("百亿", 1e10), ("亿|億", 1e8), ("千万", 1e7),
    (r"十亿|billion|bn\b|milliarde?|mrd|miliard|mil millones|миллиард", 1e9), (r"百万|million|millones|mio\b|milion|миллион", 1e6), ("万|萬", 1e4),
    (r"千(?!米|克|瓦|卡)|thousand|tausend|mille\b|тысяч", 1e3),
)  # fmt: skip
_SCALED = re.compile(rf"(?i)\s?(?:{'|'.join(f'({words})' for words, _ in _SCALES)})")
_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_NOT = {
    "en": r"\b(?:not|cannot|no|never|nobody|nothing|none|neither|nor|without|nowhere|un\w{4,}|im(?:possible|proper)|in(?:valid|correct)|"
    r"hardly|few|too \w+ to|forbid\w*|prohibit\w*|refus\w+|fail\w*|lack\w*|exclud\w+|except|avoid|prevent\w*|stop\w*|only|until|ban(?:ned)?|free)\b|n['’]t\b",
    "de": r"\b(?:nicht\w*|kein\w*|nie\w*|ohne|weder|un\w{4,}|kaum|verbot\w*|verbiet\w*|nirgend\w*|erst|außer|fehl\w*|vermeid\w*|nein|nur|\w+los\w*|\w+frei\w*)\b",
    "fr": r"\b(?:ne|pas|jamais|aucun\w*|sans|rien|personne|non|ni|interdit\w*|im\w{4,}|in\w{5,}|sauf|seulement|ignor\w+|éviter?|nul\w*)\b|\bn['’]",
    "es": r"\b(?:no|nunca|jamás|ning[uú]n\w*|sin|nada|nadie|ni|tampoco|prohib\w+|im\w{4,}|in\w{5,}|salvo|excepto|solo|hasta|evit\w+)\b",
    "it": r"\b(?:non|mai|nessun\w*|senza|niente|nulla|né|nemmeno|neanche|vietat\w+|im\w{4,}|in\w{5,}|tranne)\b",
    "pt": r"\b(?:não|nunca|nenhum\w*|sem|nada|ninguém|nem|proibid\w+|im\w{4,}|in\w{5,}|exceto)\b",
    "nl": r"\b(?:niet\w*|geen|nooit|zonder|niemand|nergens|on\w{4,}|verboden|behalve|pas)\b",
    "ru": r"\b(?:не\w*|ни\w*|без\w*|нельзя|запрещ\w+|кроме)\b",
    "zh": r"[不没沒无無未非别別莫勿否禁才]|除了|拒绝|失败|缺|免",
    "ja": r"な[いくかしけ]|ません|ず|ぬ|[無非不未禁]|以外",
}
_DENIES = {  # a source that denies for certain, less what other languages say without a "not"
    "en": r"(?:\b(?:not|cannot|never|nobody|nothing|neither)\b|n['’]t\b|\bno(?=\s+[a-z]))",
    "de": r"\b(?:nicht|kein\w*|nie|niemals|niemand|nichts|weder)\b",
    "fr": r"\b(?:ne|n['’]\w+)\b.{0,40}\b(?:pas|jamais|rien|aucune?|personne|plus)\b",
    "es": r"\b(?:no|nunca|jamás|nadie|ningún|ninguna?)\b",
    "zh": r"(?:不(?![错但仅过断久管论少禁用得好了]|同(?!意))|没有|没(?!关系)|从未|未曾|(?<![特分区级类性告离辨个])别(?![的人墅名致处]))",
}
_SAYINGS = re.compile(
    r"\bNo\.\s*\d|\bnot only\b|\bno (?:doubt|matter|later|problem|wonder)\b|\b(?:can['’]?t|cannot) (?:wait|help|but)\b|\bhesitate\b|"
    r"\bdon['’]t (?:forget|miss|mind|worry)\b|\bwhy (?:not|don['’]t)\b|n['’]t (?:it|you|they|we|he|she|I)\?|\bnot at all\b|\bnot (?:bad|long ago)\b|"
    r"nicht schlecht|pas mal\b|\bde rien\b|no hay de qué|no pasa nada|不要忘记?了?|别忘记?了?|勿忘|没问题|没事|不客气|不用谢|不久|nicht nur|nicht wahr|no solo|no sólo|¿no\?|差不多|不好意思|对不起|了不起|不得不|是不是|要不要|能不能|好不好",
    re.IGNORECASE,
)
_EMOJI = regex.compile(r"\p{Extended_Pictographic}")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]{4,}")
RUN = 4  # words in a row that no other language says alike by chance; names are not counted


def without_times(source: str, target: str) -> tuple[str, str]:
    """Both less the times of day and fractions that each has in its own form: 5:30 pm and 17:30, 1/2 and half."""
    source, target = (_DATE.sub(r"\1 \3 \4", text) for text in (source, target))
    there = list(_TIME.finditer(target))
    for found in list(_TIME.finditer(source)):
        same = next((one for one in there if _minutes(one) & _minutes(found)), None)
        if same:
            there.remove(same)
            source = source.replace(found[0], " ", 1)
            target = target.replace(same[0], " ", 1)
    for fraction, words in _FRACTIONS.items():
        written = re.compile(rf"(?<![\d/]){fraction}(?![\d/])")
        if written.search(source) and not written.search(target) and re.search(words, target, re.IGNORECASE):
            source = written.sub(" ", source)
    return source, target


def _minutes(found: re.Match[str]) -> frozenset[int]:
    """Of the day; both halves where it is not said which."""
    hour = int(found["h"] or found["hour"])
    minute = 30 if found["m"] == "半" else int(found["m"] or 0)
    half = (found["half"] or found["of"] or ("p" if found["noon"] else "")).lower()
    if half:
        return frozenset([(hour % 12 + 12 * (half == "p")) * 60 + minute])
    return frozenset([hour % 24 * 60 + minute, *([(hour + 12) % 24 * 60 + minute] if hour <= 12 else [])])


def in_words(number: int, text: str, source: str) -> int:
    """How often a count up to twelve stands in the text in words, or the month of that number, where the source has no such word; any up to
    39 also as a Roman numeral of several letters."""
    if _in_roman(number, text, source):
        return 1
    if number in _TENS:
        return len(re.findall(rf"(?i)\b(?:{_TENS[number]})\b|(?:{_han(_TENS[number])})", text))
    if not 0 <= number < len(_COUNTS):
        return 0
    counted = len(re.findall(rf"(?i)\b(?:{_COUNTS[number]})\b|(?:{_han(_COUNTS[number])})", text))
    return counted + (number > 0 and not _MONTH.search(source) and _names_month(number, text))


def is_worded(digits: str) -> bool:
    """Whether `in_words` may know the number."""
    return len(digits) < 3 or int(digits) in _TENS


def scale(text: str, at: int) -> float:
    """What a number that ends there is to be taken times: a million, 万; 1 where nothing is said."""
    found = _SCALED.match(text, at)
    return _SCALES[(found.lastindex or 1) - 1][1] if found else 1.0


def other_months(source: str, target: str) -> list[str]:
    """The months of dates that stand in the target as other months."""
    said, there = _months(source), _months(target)
    return [words for month, words in said.items() if month not in there] if there and len(there) == len(said) else []


def _months(text: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for one in _DATED.finditer(text):
        name = (one["before"] or one["behind"] or "").lower()
        month = (
            int(one["number"])
            if one["number"]
            else next(n for n, names in enumerate(_MONTHS, 1) if name in names.split("|"))
        )
        found[month] = one[0]
    return found


def _in_roman(number: int, text: str, source: str) -> bool:
    """Whether it stands in the text as a Roman numeral, of several letters, which the source has not."""
    numeral = _roman(number) if 2 <= number < 40 else ""
    there = len(numeral) > 1 and not re.search(rf"\b{numeral}", source)
    return there and re.search(rf"(?<![^\W_]){numeral}(?:e|ème|º|ª|er)?\b", text) is not None


def _roman(number: int) -> str:
    numeral = ""
    for value, sign in _ROMAN:
        numeral += sign * (number // value)
        number %= value
    return numeral


def _names_month(number: int, text: str) -> bool:
    return re.search(rf"(?i)(?<!\w)(?:{_MONTHS[number - 1]})", text) is not None


def _han(words: str) -> str:
    return "|".join(word for word in words.split("|") if not word.isascii() and _is_han(word)) or r"(?!)"


def _is_han(word: str) -> bool:
    return all("\u4e00" <= character <= "\u9fff" for character in word)


def drops_negation(source: str, target: str, source_code: str, target_code: str) -> bool:
    denies, says = _DENIES.get(primary(source_code)), _NOT.get(primary(target_code))
    if not denies or not says:
        return False
    return re.search(denies, _SAYINGS.sub(" ", source), re.IGNORECASE) is not None and not re.search(says, target, re.I)


def dropped_emoji(source: str, target: str) -> list[str]:
    return sorted((Counter(_EMOJI.findall(source)) - Counter(_EMOJI.findall(target))).elements())


def untranslated(source: str, target: str, source_code: str, target_code: str) -> str:
    """A stretch of the target that is the source's own words; names, which begin with capitals, are not counted."""
    if primary(source_code) == "zh" and primary(target_code) not in ("zh", "ja", "ko"):
        return next((run[0] for run in _HAN.finditer(target) if run[0] in source), "")
    words, there = _WORD.findall(source), f" {' '.join(_WORD.findall(target))} "
    for at in range(len(words) - RUN + 1):
        run = words[at : at + RUN]
        if sum(word[:1].islower() for word in run) >= RUN - 1 and f" {' '.join(run)} " in there:
            return " ".join(run)
    return ""
