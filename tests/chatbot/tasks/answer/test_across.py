"""A question in one language on a document in another: what is asked of the model, what is checked, and what is shown."""

from collections.abc import Callable, Sequence

import pytest

from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.answer.across import Across, across
from chatbot.types import Message
from retrieval.library import Library
from retrieval.types import Hit, Passage
from tests.chatbot.tasks.answer.test_work import GARDEN, ORCHARD, asked, library, put

__all__ = ["library"]

ASKED = "Maria Lindqvist 是哪一年建立果园的？"
SAID = "The orchard was planted in 1998 by Maria Lindqvist."
TOLD = "果园由 Maria Lindqvist 于 1998 年建立。"


def model(translations: dict[str, str], answer: str) -> Callable[[Sequence[Message]], str]:
    """Says `answer` to numbered passages, and translates what it was taught."""

    def reply(messages: Sequence[Message]) -> str:
        last = messages[-1].content
        return answer if last.startswith("[1]") else translations[last]

    return reply


def test_it_is_answered_and_checked_in_the_passages_language_and_told_in_the_questions(library: Library) -> None:
    put(library, "orchard.md", ORCHARD)
    words = {ASKED: "In which year was the orchard planted by Maria Lindqvist?", SAID: TOLD}
    engine = ScriptedEngine(model(words, SAID))
    given = asked(engine, library, ASKED)
    assert given.text == TOLD
    assert [(one.text, one.original, one.verdict) for one in given.sentences] == [(TOLD, SAID, "supported")]
    assert given.citations[0].quote.startswith("The orchard was planted in 1998")
    assert given.across == "en"
    assert given.found.query == ASKED
    assert words[ASKED] in engine.prompts[1][-1].content


def test_a_translation_that_answers_instead_of_asking_is_not_asked(library: Library) -> None:
    put(library, "orchard.md", ORCHARD)
    engine = ScriptedEngine(model({ASKED: "The orchard was planted in 1965.", SAID: TOLD}, SAID))
    asked(engine, library, ASKED)
    (sent,) = (prompt[-1].content for prompt in engine.prompts if prompt[-1].content.startswith("[1]"))
    assert ASKED in sent
    assert "1965" not in sent


@pytest.mark.parametrize(
    "translation", ["果园由 Maria Lindqvist 于 1989 年建立。", "Der Garten wurde 1998 von Maria angelegt."]
)
def test_a_translation_that_lost_something_is_not_shown(library: Library, translation: str) -> None:
    put(library, "orchard.md", ORCHARD)
    words = {ASKED: "In which year was the orchard planted by Maria Lindqvist?", SAID: translation}
    given = asked(ScriptedEngine(model(words, SAID)), library, ASKED)
    assert (given.text, given.across) == (SAID, "")
    assert given.sentences[0].verdict == "supported"


def test_what_the_passages_do_not_say_stays_unsupported_in_any_language(library: Library) -> None:
    put(library, "orchard.md", ORCHARD)
    wrong = "Bananas grow on the moon."
    words = {ASKED: "In which year was the orchard planted by Maria Lindqvist?", wrong: "香蕉长在月亮上。"}
    given = asked(ScriptedEngine(model(words, wrong)), library, ASKED)
    assert [(one.text, one.verdict, one.citations) for one in given.sentences] == [
        ("香蕉长在月亮上。", "unsupported", ())
    ]


@pytest.mark.parametrize(
    ("translation", "quoted"), [(SAID, ""), ("1998 oder auch nicht, das ist hier die Frage", "unsure")]
)
def test_an_answer_in_the_wrong_language_is_checked_in_the_right_one_or_not_believed(
    library: Library, translation: str, quoted: str
) -> None:
    put(library, "orchard.md", ORCHARD)
    words = {ASKED: "In which year was the orchard planted by Maria Lindqvist?", TOLD: translation, SAID: TOLD}
    given = asked(ScriptedEngine(model(words, TOLD)), library, ASKED)
    assert given.quoted == quoted
    assert given.text == (SAID if quoted else TOLD)
    assert given.sentences[0].verdict == "supported"


def test_sentences_stand_where_they_say(library: Library) -> None:
    put(library, "garden.txt", GARDEN)
    question = "How large was the orchard of 林玛丽, and what was harvested in 2023, please?"
    said = ("果园占地14公顷。", "2023年的收成为212吨。")
    words = {
        question: "林玛丽的果园有多大，2023年收成多少？",
        said[0]: "The orchard covers 14 hectares.",
        said[1]: "The harvest of 2023 was 212 tons.",
    }
    given = asked(ScriptedEngine(model(words, "".join(said))), library, question)
    assert [one.verdict for one in given.sentences] == ["supported", "supported"]
    for one in given.sentences:
        assert given.text[one.start :].startswith(one.text)
    assert given.across.startswith("zh")


@pytest.mark.parametrize(
    ("question", "passage", "found"),
    [
        ("什么时候建立的？", ORCHARD, Across("zh-hans", "en")),
        ("Maria Lindqvist 是谁？", ORCHARD, Across("zh-hans", "en")),
        ("Define VPN", GARDEN, Across("en", "zh-hans")),
        ("Wann wurde der Obstgarten angelegt, und von wem?", GARDEN, Across("de", "zh-hans")),
        ("When was it planted?", ORCHARD, None),
        ("Define VPN", ORCHARD, None),  # some think that this is Romanian
        ("果园多大？", GARDEN, None),
        ("1998?", ORCHARD, None),
    ],
)
def test_languages_are_told_apart_where_that_is_sure(question: str, passage: str, found: Across | None) -> None:
    assert across(question, [Hit(Passage(1, 0, len(passage), passage), 1.0)]) == found
