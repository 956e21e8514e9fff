"""How a translation speaks to its reader, in languages that have more than one way: Sie or du, vous or tu, 您 or 你."""

import re
from dataclasses import dataclass
from typing import Literal

from chatbot.tasks.language import primary

Formality = Literal["", "formal", "informal"]
"""Empty: as it comes."""


@dataclass(frozen=True, slots=True)
class Forms:
    """`formal` and `informal` are what people call the two; of each the words that give it away, and never the other. What both
    forms share (a plural, "ihr", "su") tells nothing and is in neither."""

    formal: str
    informal: str
    formally: re.Pattern[str]
    informally: re.Pattern[str]


def _forms(formal: str, informal: str, formally: str, informally: str) -> Forms:
    return Forms(formal, informal, re.compile(formally), re.compile(informally))


_WITHIN = r"(?<=[^\W\d_][ \n]|[,;)\d][ \n])"  # within a sentence, where a capital letter means something
FORMS: dict[str, Forms] = {
    "de": _forms(
        "Sie", "du", rf"{_WITHIN}(?:Sie|Ihnen|Ihre?[nmrs]?)\b", r"\b[Dd](?:u|ich|ir|eine?[nmrs]?)\b|\b[Ee]u(?:ch|er|re[nmrs]?)\b"
    ),
    "es": _forms("usted", "tú", r"\b[Uu]sted\b", r"\b[Tt](?:ú|us?|i|e|uy[oa]s?)\b|\b[Cc]ontigo\b"),
    "fr": _forms(
        "vous", "tu", r"\b[Vv](?:ous|otre|os)\b|(?:^|[.!?:]\s+)(?!Chez|Assez)[A-ZÀ-Ý][a-zà-ÿ]{2,}ez\b",
        r"\b[Tt](?:u|oi|e|es|a)\b|(?<![Ll]e )(?<![Uu]n )(?<![Dd]u )\b[Tt]on\b|(?<!-)\b[Tt]['’](?=[aeéêhiouy])(?!en\b)",
    ),
    "it": _forms("Lei", "tu", rf"{_WITHIN}(?:Lei|Suoi?|Sua|Sue)\b", r"\b[Tt](?:u|i|e|uoi?|ua|ue)\b"),
    "ja": _forms(
        "です・ます", "だ・である", r"(?:です|ます|ました|ません|でしょう|ましょう|ください|ございます)",
        r"(?:だよ|だね|だぞ|るよ|てね|だろう|てくれ|である|だ|る|(?<!まし)(?<!でし)た|(?<!さ)い)(?=[。！？!?]|\Z)",
    ),
    "ko": _forms("-(스)ㅂ니다", "반말", r"(?:니다|세요|십시오|니까|어요|아요|해요|예요|에요)(?=[\s.!?]|\Z)", r"[가-힣](?:어|아|해|야|니|자|지)(?=[.!?]|\Z)|(?<![가-힣])너(?:는|를|의|에게)?(?![가-힣])"),
    "nl": _forms("u", "je", r"\b(?:[Uu]w?|[Uu]zelf)\b", r"\b[Jj](?:e|ij|ou|ouw|ullie)\b"),
    "pl": _forms("Pan/Pani", "ty", r"\bPa(?:n|ni|na|nu|nią|ństw\w+)\b", r"\b[Tt](?:y|obie|obą|wój|woj\w+|woich?)\b|\b[Cc]i(?:ebie|ę)\b"),
    "pt": _forms("o senhor / a senhora", "você / tu", r"\b[Ss]enhor(?:a|es|as)?\b", r"\b[Vv]ocê\b|\b[Tt](?:u|eus?|uas?)\b|\b[Cc]ontigo\b"),
    "ru": _forms("вы", "ты", r"\b[Вв](?:ы|ас|ам|ами|аш\w{0,3})\b", r"\b[Тт](?:ы|ебя|ебе|обой|во(?:й|я|ё|е|и|его|ей|ему|им|их|ими|ю))\b"),
    "zh": _forms("您", "你", "您", "你(?![们們])"),
}  # fmt: skip
"""By the language's primary code."""
_YOU = re.compile(r"\b(?:you|your|yours|yourself|vous|votre|vos|usted|tú)\b|[你您]", re.IGNORECASE)
_THEY = re.compile(r"\b(?:she|her|hers|they|them|their|elles?|ils|leurs?|ella|ell[oa]s|la)\b|[她他它]", re.IGNORECASE)
_SIE = re.compile(r"(?:^|[.!?:]\s+)Sie\b")


def forms(target: str) -> Forms | None:
    """None where the language has one way, or none that is known here."""
    return FORMS.get(primary(target))


def instruction(target: str, wanted: Formality) -> str:
    """What the model is told; empty for nothing."""
    known = forms(target)
    if known is None or not wanted:
        return ""
    name = known.formal if wanted == "formal" else known.informal
    return f"Address the reader {'formally' if wanted == 'formal' else 'informally'} ({name})."


def other_form(source: str, found: str, target: str, wanted: Formality) -> str:
    """The first word of `found` that is of the form that was not wanted; empty where there is none, which is no proof: an order
    without a pronoun ("Klicke hier") says nothing here."""
    known = forms(target)
    if known is None or not wanted:
        return ""
    told = (known.informally if wanted == "formal" else known.formally).search(found)
    if (
        told is None
        and known is FORMS["de"]
        and wanted == "informal"
        and _YOU.search(source)
        and not _THEY.search(source)
    ):
        told = _SIE.search(found)  # where a sentence begins it may be she or they, of whom this source does not speak
    return told[0].strip(" .!?:\n") if told else ""
