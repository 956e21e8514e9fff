"""The translate recipes: the prompt that is served, which news are taken, and where marks are put."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.tasks.translate import prompt as translate_prompt
from chatbot.tasks.translate.files.marked import PLACEHOLDER, TAG
from chatbot.tasks.translate.order import code_of
from finetune.recipes import pairs, recipe
from tests.finetune.recipes.test_recipe import as_sent, write

TOLD = (  # the same in five languages, and what both sides share
    {"en": "Good morning!", "fr": "Bonjour !", "de": "Guten Morgen!", "es": "¡Buenos días!", "zh": "早上好！"},
    *(
        {
            "en": f"Tom bought {n} apples in Paris yesterday.",
            "fr": f"Tom a acheté {n} pommes à Paris hier.",
            "de": f"Tom hat gestern in Paris {n} Äpfel gekauft.",
            "es": f"Tom compró ayer {n} manzanas en Paris.",
            "zh": f"Tom 昨天在巴黎买了 {n} 个苹果。",
        }
        for n in range(3, 33)
    ),
)
LONG = "The committee will meet again on Friday to decide about the bridge."


@pytest.mark.parametrize(
    ("english", "chinese", "taken"),
    [
        (LONG, "委员会将于星期五再次开会，决定桥梁的事。", True),
        ("and equality before the law of the whole of the people", "转化为全体人民的自觉行动", False),  # torn
        ("The committee meets on Friday.", "委员会星期五开会。", False),  # shorter than eight words
        (LONG, "我们。", False),  # something else
        (LONG, "委员会将于星期五再次开会，" * 4 + "。", False),
        (LONG, "委员会将于星期五再次开会，决定桥梁的事", False),  # its end is missing
        (" ".join([LONG] * 3), "委员会将于星期五再次开会，决定桥梁的事。" * 3, False),  # long
    ],
)
def test_news_are_whole_sentences_of_like_length(english: str, chinese: str, taken: bool) -> None:
    assert list(pairs.news([{"en": english, "zh": chinese}])) == [{"en": english, "zh": chinese}] * taken


def test_news_in_a_language_with_spaces() -> None:
    good = {"en": LONG, "de": "Der Ausschuss tagt am Freitag wieder, um über die Brücke zu entscheiden."}
    assert list(pairs.news([good, {**good, "de": "Der Ausschuss"}])) == [good]


@pytest.mark.parametrize(
    ("english", "other", "word"),
    [
        ("I saw Tom there.", "Ich habe Tom dort gesehen.", "Tom"),
        ("It has 42 rooms.", "它有 42 个房间。", "42"),
        ("It costs 3.5 euros.", "Es kostet 3.5 Euro.", ""),  # half a number is none
        ("Tom knows Tom.", "Tom kennt Tom.", ""),  # which of the two is not sure
        ("Tom's dog barks.", "Toms Hund bellt.", ""),
        ("I saw John there.", "Ich habe Johann dort gesehen.", ""),
    ],
)
def test_a_word_is_shared_where_it_stands_once_on_both_sides(english: str, other: str, word: str) -> None:
    assert pairs._shared(english, other) == word


def test_marks_stand_at_the_same_words_and_the_prompt_tells_of_them() -> None:
    a, b = "I saw Tom there.", "Ich habe Tom dort gesehen."
    assert pairs._around(a, b) == (f"<1>{a}</1>", f"<1>{b}</1>", pairs.TAGS)
    assert pairs._behind(a, b) == (f"{a}<1/>", f"{b}<1/>", pairs.TAGS)
    assert pairs._tagged(a, b) == ("I saw <1>Tom</1> there.", "Ich habe <1>Tom</1> dort gesehen.", pairs.TAGS)
    assert pairs._placeholder(a, b) == (
        "I saw {name} there.",
        "Ich habe {name} dort gesehen.",
        "\nCopy unchanged: {name}",
    )
    assert pairs._placeholder("It has 42 rooms.", "它有 42 个房间。") == (
        "It has {count} rooms.",
        "它有 {count} 个房间。",
        "\nCopy unchanged: {count}",
    )
    assert pairs._tagged("Good morning!", "Bonjour !") is None
    assert pairs._placeholder("Good morning!", "Bonjour !") is None


@pytest.mark.parametrize("name", ["translate_first", "translate"])
def test_the_translation_adapter_learns_the_prompt_that_the_tab_sends(tmp_path: Path, name: str) -> None:
    found = recipe.load(name)
    for source in found.data:
        codes = re.findall(r"(en|zh|fr|de|es)", source.file)[:2]
        write(tmp_path / source.file, [{code: told[code] for code in codes} for told in TOLD])
    data = tuple(replace(source, skip=0) for source in found.data)
    ways, marks = set(), set()
    for row in recipe.examples(replace(found, data=data), tmp_path):
        system, asked, answer = (turn["content"] for turn in row["messages"])
        start, end = (code_of(language) for language in re.findall(r"from (\w+) into (\w+)\.", system)[0])
        assert row["messages"][:2] == as_sent(translate_prompt.messages(asked, start, end))
        assert Counter(TAG.findall(asked)) == Counter(TAG.findall(answer))
        assert Counter(PLACEHOLDER.findall(asked)) == Counter(PLACEHOLDER.findall(answer))
        ways.add(f"{start}-{end}")
        marks |= {*PLACEHOLDER.findall(asked), *(tag[0] for tag in TAG.finditer(asked))}
    assert ways == set(found.languages.split(", "))
    assert marks == {"<1>", "</1>", "<1/>", "{name}", "{count}"}


def test_the_second_translation_recipe_takes_other_rows_than_the_first() -> None:
    first, further = recipe.load("translate_first"), recipe.load("translate")
    assert further.start == first.name
    for before, after in zip(first.data, further.data, strict=True):
        assert replace(before, skip=0, rows=0) == replace(after, skip=0, rows=0)
        assert after.skip >= before.skip + before.rows
