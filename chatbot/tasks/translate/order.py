"""What a person asks for, made definite: languages, glossary, and who translates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.common.errors import InputError
from chatbot.engine.base import Engine
from chatbot.tasks.language import LANGUAGES, Detected, detect, name_of, primary, same
from chatbot.tasks.translate.files.marked import Segment, words
from chatbot.tasks.translate.formality import FORMS, Formality, forms
from chatbot.tasks.translate.support import Support, require, support
from chatbot.tasks.translate.work import Order

AUTO = "auto"
TERMS, TERM = 200, 120  # entries of a glossary, and characters of one side
_ENTRY = re.compile(r"\s*(?:=|→|->|\t)\s*")


@dataclass(frozen=True, slots=True)
class Settled:
    """`detected` is None where the person named the source."""

    order: Order
    support: Support
    detected: Detected | None = None


def settle(
    engine: Engine,
    owner: str,
    segments: Sequence[Segment],
    *,
    target: str,
    source: str = AUTO,
    adapter: str | None = None,
    glossary: str = "",
    formality: str = "",
) -> Settled:
    """Raises `InputError`: nothing to translate, an unknown language, one language twice, a pair that nobody here knows, or a form
    of address that the target does not have."""
    target, source = code_of(target), AUTO if source in ("", AUTO) else code_of(source)
    terms, form = parse_glossary(glossary), form_of(formality, target)
    if not segments:
        raise InputError("There is nothing to translate in it.", kind="nothing_to_translate")
    detected = detect("\n".join(map(words, segments))) if source == AUTO else None
    if detected is not None:
        if detected.language is None:
            raise InputError("The language of this text cannot be told. Choose it under “From”.", kind="no_source")
        source = detected.language
    if same(source, target):
        raise InputError(
            f"The text is in {name_of(target)} already. Choose another language to translate into.",
            kind="same_language",
            language=target,
        )
    who = support(engine, owner, source, target, adapter)
    require(who, source, target)
    return Settled(Order(source, target, who.adapter, terms, form), who, detected)


def code_of(language: str) -> str:
    """The code of a language given by code or English name, "zh-TW" among them. Raises `InputError`."""
    given = language.strip().lower()
    named = known_code(given) or next((code for code in LANGUAGES if name_of(code).lower() == given), None)
    if named is None:
        raise InputError(
            f"There is no language {language[:40]!r} here. Use a code such as en, de or zh-hans.",
            kind="no_language",
            given=language[:40],
        )
    return named


def form_of(said: str, target: str) -> Formality:
    """How the reader is to be addressed: "formal", "informal", or nothing for as it comes. Raises `InputError`."""
    given = said.strip().lower()
    if given in ("", "default"):
        return ""
    if forms(target) is None or given not in ("formal", "informal"):
        raise InputError(
            f"Into {name_of(target)} there is no {given[:20]!r}. Formal and informal are told apart in {', '.join(sorted(FORMS))}.",
            kind="no_formality",
            language=target,
            given=given[:20],
            known=", ".join(sorted(FORMS)),
        )
    return "formal" if given == "formal" else "informal"


def known_code(tag: str) -> str | None:
    """The code of ours that a language's tag (BCP 47) stands for."""
    given = tag.lower().replace("_", "-")
    given = {
        "zh-cn": "zh-hans",
        "zh-sg": "zh-hans",
        "zh-tw": "zh-hant",
        "zh-hk": "zh-hant",
        "nb": "no",
        "iw": "he",
    }.get(given, given)
    return next((code for code in (given, primary(given)) if code in LANGUAGES), None)


def parse_glossary(text: str) -> dict[str, str]:
    """`term = translation` a line; a term alone is left as it is. Raises `InputError` with the line that is wrong."""
    terms: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        term, _, meant = (part.strip() for part in _split(line.strip()))
        if not term or max(len(term), len(meant)) > TERM:
            raise _bad_entry(number)
        if terms.get(term, meant or term) != (meant or term):
            raise InputError(
                f"The glossary has {term!r} twice, with two translations. Leave one out.",
                kind="glossary_twice",
                term=term,
            )
        terms[term] = meant or term
    if len(terms) > TERMS:
        raise InputError(
            f"The glossary has {len(terms)} terms; {TERMS} are taken.",
            kind="glossary_long",
            count=len(terms),
            limit=TERMS,
        )
    return terms


def _split(line: str) -> tuple[str, str, str]:
    found = _ENTRY.search(line)
    return (line[: found.start()], found[0], line[found.end() :]) if found else (line, "", "")


def _bad_entry(number: int) -> InputError:
    return InputError(
        f"Line {number} of the glossary needs a term of at most {TERM} characters, then = and its translation.",
        kind="glossary_line",
        line=number,
        limit=TERM,
    )
