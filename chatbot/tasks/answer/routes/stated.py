"""A number of things, or the largest of them, out of passages: believed only where one says it in so many words.

Five passages are not all there are. "There are 12 bridges" is an answer; that three were seen is none.
"""

from dataclasses import replace

from chatbot.tasks.answer.check import Answer, Sentence, unsure
from chatbot.tasks.answer.routes.asking import Asking, counts_people, holds
from chatbot.tasks.answer.routes.enumerated.extremes import extreme_words
from chatbot.tasks.answer.routes.kinds import Kind
from retrieval.checks.numbers import numbers
from retrieval.text.words import is_dense

_NEAR = 40  # characters behind a number in which its noun stands: "12 old bridges of stone"


def unless_stated(kind: Kind, given: Answer) -> Answer:
    """With what is not stated called "related", and a note where nothing is left that answers. What the documents do not say is
    left out: a number of things that the model made up is none. Where that is all, their own sentences stand in its place."""
    if kind not in ("count", "extreme") or given.quoted == "cell":
        return given
    if given.status == "not_found":
        return replace(given, note="uncounted")
    question = given.found.query
    told = _kept(given)
    quotes = {citation.n: citation.quote for citation in told.citations}

    def judged(one: Sentence) -> Sentence:
        said = [one.original or one.text, *(quotes[n] for n in one.citations)]
        stated = all(_states(kind, question, text) for text in said[1:]) and len(said) > 1
        return (
            one if one.verdict != "supported" or stated or counts_people(question) else replace(one, verdict="related")
        )

    parts, beside = tuple(map(judged, told.sentences)), tuple(map(judged, told.quotes))
    left = any(one.verdict == "supported" for one in (*parts, *beside))
    return replace(told, sentences=parts, quotes=beside, note=told.note if left else "uncounted")


def _kept(given: Answer) -> Answer:
    """Without the sentences that nothing supports."""
    kept = [one for one in given.sentences if one.verdict in ("supported", "related")]
    if len(kept) == len(given.sentences):
        return given
    if not kept:
        return unsure(given.found)
    text, parts = "", []
    for one in kept:
        parts.append(replace(one, start=len(text)))
        text += f"{one.text} "
    return replace(given, text=text.rstrip(), sentences=tuple(parts))


def _states(kind: Kind, question: str, text: str) -> bool:
    if kind == "extreme":
        return extreme_words(question).casefold() in text.casefold()
    noun = Asking.of(question).noun
    return any(_of(noun, text[number.end : number.end + _NEAR]) for number in numbers(text))


def _of(noun: str, behind: str) -> bool:
    if is_dense(noun):
        return any(noun[size : size + 2] in behind for size in range(max(1, len(noun) - 1)))
    return not noun or holds(behind, noun)
