"""Words that turn a statement into its opposite, in the languages whose function words are known."""

import re
from functools import lru_cache

_SPACED = """not no never none neither nor without cannot nothing nobody nowhere hardly scarcely barely rarely seldom
lacks lack lacked lacking fails fail failed
nicht kein keine keinen keinem keiner keines nie niemals ohne weder nichts niemand
jamás nunca sin ningún ninguna ninguno tampoco nadie nada
nu fără niciun nicio nici niciodată nimic nimeni
değil değildir yok yoktur hiç hiçbir olmayan olmadan
không chưa chẳng chả
не нет без ни никогда нельзя никто ничего
δεν μην όχι χωρίς ούτε ποτέ κανείς καμία κανένα
لا ليس ليست لم لن بدون غير دون
नहीं न ना बिना मत"""
_WORDS = frozenset(_SPACED.split())
_SIGNS = re.compile(
    r"\b\w+n['’]t\b|(?<![\w\u0900-\u0963])(?:"
    + "|".join(sorted(_WORDS, key=len, reverse=True))
    + r")(?![\w\u0900-\u0963])"
    "|不(?!同|仅|僅|断|斷|少|久|过|過|但|只|止|管|论|論|丹|列|锈|鏽|禁|得不)|(?<!有)没有|沒有|没(?!收|落)|无(?!论|线|数)|無(?!論|線|數)|未(?!来|來|必)|非(?!洲|常|裔)|勿|莫(?=[不非])|毫无|并非|从未|から?ない|ません|않|없|ไม่|มิได้|ไร้",
    re.IGNORECASE,
)
_IDIOMS = re.compile(
    r"(?:\bnot|n['’]t) (?:only|just|merely)\b|\bno(?:\.|t?withstanding)\s?\d*|\bno(?:t)? (?:later|sooner|earlier|less|more|fewer|longer|older|higher|lower|larger|greater) than\b|不得?(?:超过|高于|低于|多于|少于|大于|小于|晚于|早于|迟于)(?=[^，。；]{0,4}[\d〇零一二三四五六七八九十百两])|\bnothing but\b",
    re.I,
)


@lru_cache(maxsize=1024)
def negations(text: str) -> tuple[tuple[int, int], ...]:
    """`(start, end)` of every negation in `text`; "not only", "不仅" and their like negate nothing."""
    idle = [match.span() for match in _IDIOMS.finditer(text)]
    return tuple(
        match.span()
        for match in _SIGNS.finditer(text)
        if not any(match.start() < end and start < match.end() for start, end in idle)
    )
