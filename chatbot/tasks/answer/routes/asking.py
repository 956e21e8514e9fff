"""What a question about many things asks: of which class they are, and what each must have.

Words are compared by their stems, and irregular verbs by their present; in scripts without spaces characters that stand together
there, too.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from chatbot.tasks.answer.routes.kinds import COUNTER, FILE, FILE_ZH
from retrieval.checks.asked.measures import measure
from retrieval.text.words import Token, is_dense, language, tokens

_CLASS = re.compile(
    r"\b(?:how many|(?:total )?number of|count(?: all| the)?|(?:list|name|show|enumerate|give me)(?: me)?(?: a list of)?(?: all)?(?: of)?(?: the)?|all(?: the)?|which|what)\s+"
    r"(?:of the |different |other )?(?P<noun>(?:(?!(?:is|are|was|were|does|do|did|has|have|had|can|will|must|may|in|of|by|with|that|which|who|led|from|on|at|for|listed|live|lives|work|works|reside|come|comes|belong|belongs)\b)[\w'-]+\s*){1,3})",
    re.IGNORECASE,
)
_NOUN = r"(?P<noun>[^\W\d_A-Za-z]{1,6})"
_CLASSES = re.compile(rf"(?:多少|[几幾]|哪一?)(?:{COUNTER}(?=[^\W\d_]))?{_NOUN}")
_BEFORE = re.compile(
    r"(?P<noun>(?!一共|总共|總共)[^\W\d_A-Za-z]{2,6}?)(?:一共|总共|總共|共)?有(?:多少|[几幾])(?![条條章节節款])"
    rf"{COUNTER}?\W*\Z"
)
_LAST = re.compile(rf"{_NOUN}[。？?！!\s]*\Z")
_AROUND = re.compile("[的由是在有被]")
_UNCOUNTED = re.compile(r" ?(?:percent|euros?|dollars?|pounds|points|times|次|元|岁|钱|倍|层|号|点|字)", re.IGNORECASE)
_PLURAL = re.compile(r"(?<![su])s\Z|(?:people|men|women|children)\Z", re.IGNORECASE)
_NEVER = frozenset(["everything", "anything", "all", "things", "thing", "ones", "items", "item"])
_IDLE = re.compile(
    rf"[这這该本][个個份篇部次]?(?:{FILE_ZH})|(?:多少|[几幾]|哪一?)(?:{COUNTER}(?=[^\W\d_]|个?\W*\Z))?|列出|列举|列舉|一共|总共|總共|共有|所有的?|全部的?"
    r"|(?:名单|清单|列表|表格?|名录)[上里中]|请|給我|给我|住在|来自|位于|属于|屬於|由|在|有|是|的|了|吗|呢|里|中|都|分别|分別"
    rf"|\b(?:this|the|these|my|our) {FILE}\b"
    r"|\b(?:live|reside|work|come|belong)s?(?= (?:in|at|for|from|as|on|to)\b)"
    r"|\b(?:please|list|name|show|give|me|enumerate|how|many|total|number|count|all|every|everything|each|which|what|who|whose|listed|mentioned|contained|included|there"
    r"|located|situated|made|names?|called|please|have|has|had|does|do|did|most|least|must|may|can|will)\b",
    re.IGNORECASE,
)
_IRREGULAR = """lead led|build built|make made|buy bought|sell sold|pay paid|hold held|write wrote written|begin began begun|run ran|give gave given
take took taken|know knew known|find found|keep kept|send sent|spend spent|win won|lose lost|speak spoke spoken|teach taught|think thought|choose chose chosen
draw drew drawn|drive drove driven|grow grew grown|fall fell fallen|rise rose risen|show showed shown|leave left|meet met|bring brought|catch caught|break broke broken
person people|man men|woman women|child children|wife wives|foot feet"""
_PRESENT = {form: forms.split()[0] for forms in _IRREGULAR.replace("\n", "|").split("|") for form in forms.split()}


@dataclass(frozen=True, slots=True)
class Asking:
    """`noun` is the class that is asked for ("" where none is named); `words` are all that the question says."""

    noun: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, question: str) -> "Asking":
        noun = _noun(question)
        rest = _IDLE.sub(lambda idle: " " * len(idle.group()), question)
        return cls(noun, _words(rest))


def _noun(question: str) -> str:
    if is_dense(question):
        if asked := None if _BEFORE.search(question) else _CLASSES.search(question):
            return _AROUND.split(asked["noun"])[0]
        found = _BEFORE.search(question) or _LAST.search(question)
        return _AROUND.split(found["noun"])[-1] if found else ""
    found = _CLASS.search(question)
    named = found["noun"].split() if found else []
    noun = next((word for word in reversed(named) if _PLURAL.search(word)), named[-1] if named else "")
    return "" if noun.lower() in _NEVER else noun


def counts_a_measure(question: str) -> bool:
    """How many days, 多少天: the number stands in the text, and nothing is to be counted."""
    found = re.search(
        r"\bhow many (?:more )?([^\W\d_]+)|(?:多少|[几幾])(?:个(?=月|小时))?([^\W\d_]{1,4})", question, re.IGNORECASE
    )
    if not found:
        return False
    noun = f" {found[1]}" if found[1] else found[2]
    return bool(measure(f"7{noun}", 0, 1, 7.0)) or bool(_UNCOUNTED.match(noun))


def counts_people(question: str) -> bool:
    """How many people: a list may show them, but as a rule a passage says the number."""
    return (
        re.search(r"\bhow many (?:people|persons)\b|(?:多少|[几幾])个?人(?!员|员|物|才|家|工)", question, re.IGNORECASE)
        is not None
    )


def holds(text: str, word: str) -> bool:
    """Whether a text says a word, or every character of a run that has no spaces with a neighbour of it."""
    if is_dense(word):
        return not missing(text, word)
    return root(word) in _roots(text)


def missing(text: str, run: str) -> str:
    """The characters of a run without spaces that stand in the text with neither neighbour."""
    if len(run) == 1:
        return "" if run in text else run
    pairs = [run[n : n + 2] in text for n in range(len(run) - 1)]
    return "".join(c for n, c in enumerate(run) if not any(pairs[max(0, n - 1) : n + 1]))


def unheld(words: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Those that a text does not say; of runs without spaces what is left of them."""
    left: list[str] = []
    for word in words:
        if is_dense(word):
            left += _split(word, missing(text, word))
        elif not holds(text, word):
            left.append(word)
    return tuple(left)


def _split(run: str, lacking: str) -> list[str]:
    return re.findall("[" + re.escape(lacking) + "]+", run) if lacking else []


@lru_cache(maxsize=512)
def _roots(text: str) -> frozenset[str]:
    return frozenset(_root_of(token) for token in tokens(text, language(text)) if not token.dense)


def root(word: str) -> str:
    return next((_root_of(token) for token in tokens(word)), "")


def _root_of(token: Token) -> str:
    present = _PRESENT.get(token.form)
    return present or (token.form if token.number else token.stem)


def _words(text: str) -> tuple[str, ...]:
    found: list[str] = []
    runs: dict[int, str] = {}
    for token in tokens(text, language(text)):
        if token.dense:
            if not token.stop:
                runs[token.run] = runs.get(token.run, "") + token.form
            continue
        if not token.stop:
            found.append(text[token.start : token.end])
    return (*found, *runs.values())
