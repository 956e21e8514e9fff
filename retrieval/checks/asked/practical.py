"""Whether a question is one of practice: what one may, must or can do, what it costs, what happens then ("Can I have a dog?").

So people ask rules, contracts and manuals whose words they do not know. For a fact they hardly ever ask so: of XQuAD's 1,190
questions 10 in English and 22 in Chinese.
"""

import re

_SELF = (
    r"(?-i:(?:^\W*|[,.;:!?]\s+|\b[a-z]+\s|(?:^|[.!?]\s+)[A-Z][a-z]+\s)I\b)"  # not World War I
    r"|\b(?:my|me|mine|myself|we|our|ours|you|your|yours)\b|(?-i:\bus\b)"
)
_DUTY = (
    r"^\W*(?:can|may|must|should|shall|could|do|am)\b|\bwhat (?:happens )?(?:if|when)\b"
    r"|\b(?:is|are|am)\b[^?]{1,40}\b(?:allowed|permitted|forbidden|prohibited|obliged|entitled|supposed)\b"
    r"|^\W*(?:is|are)\b[^?]*\b(?:covered|included|insured)\b"
    r"|\b(?:do|does|will)\b[^?]{1,40}\b(?:have|need) to\b|\bis it (?:ok|okay|alright|legal|possible|free|safe)\b"
)
_SELF_ZH = "[我咱俺]|[你您](?!好)"
_DUTY_ZH = (
    "(?:怎么|咋|如何)(?:办|弄|处理|给|算|付|交|退|换|修|用|申请|收费)|(?:怎么|咋)回事|会怎么?样|[吗嘛]\\W*$|[行好成]不[行好成]|可不可以|能不能|要不要|用不用|该不该|会不会|是不是"
    "|合法|违法|犯法|算不算|[谁誰]来?(?:出|付|修|管|赔|交|掏|承担|负责)|最[长多少短晚早迟](?:能|可以|要)?(?:多久|多长|几|多少)"
)
_MODAL_ZH = "可以|(?<![可性功智潜才本职热动势核电产])能(?![力量源够级耗动])|必须|应该|应当|不准|不许|需要|(?<![主重需不])要(?![求素塞点])"
_OF_A_FACT = "什[么麼](?!时候|情况|手续|条件|后果)|[谁誰]|何|哪(?!些)"
"""Beside a modal: what can be described as a string, whom a body may appoint."""
_PRACTICE = re.compile(f"{_SELF}|{_DUTY}|{_SELF_ZH}|{_DUTY_ZH}", re.IGNORECASE)
_MODAL = re.compile(_MODAL_ZH)
_FACT = re.compile(_OF_A_FACT)


def practical(question: str) -> bool:
    """By its words, in English and Chinese."""
    if _PRACTICE.search(question):
        return True
    return _MODAL.search(question) is not None and not _FACT.search(question)
