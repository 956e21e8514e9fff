"""Every string is there in every language, with the same placeholders, and used; a language is one file."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import gradio as gr
import pytest

from chatbot.common.step import SENTENCES
from chatbot.tasks.language_names import NAMES
from chatbot.ui.chat.sidebar import brand_html, build_sidebar
from chatbot.ui.parts.localise import Localised
from chatbot.ui.strings import words
from chatbot.ui.strings.words import ENGLISH, FOLDER, accepted, language_name, languages, preferred, read, text
from finetune.spec.knobs import Knob
from finetune.spec.spec import KNOBS
from retrieval.reading.kinds import READERS

STRINGS = read(FOLDER)
OTHERS = [language for language in STRINGS if language != ENGLISH]
IN_CODE = ("error.", "step.", "languages.", "kinds.")  # what English says of these stands in the code


def figures(string: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(string) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_keys_of_english(language: str) -> None:
    assert {key for key in STRINGS[language] if not key.startswith(IN_CODE)} == set(STRINGS[ENGLISH])
    assert all(STRINGS[language].values())


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_placeholders_of_english(language: str) -> None:
    for key, english in STRINGS[ENGLISH].items():
        assert figures(STRINGS[language][key]) == figures(english), key


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_calls_all_languages_by_name(language: str) -> None:
    assert {f"languages.{code}" for code in NAMES} == {key for key in STRINGS[language] if key.startswith("languages.")}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_words_for_every_step(language: str) -> None:
    assert {f"step.{code}" for code in SENTENCES} == {key for key in STRINGS[language] if key.startswith("step.")}
    for code, sentence in SENTENCES.items():
        assert figures(STRINGS[language][f"step.{code}"]) == figures(sentence), code


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_words_for_kinds_of_files_that_have_no_name(language: str) -> None:
    """PDF is PDF everywhere; what English says in small letters is a word."""
    words = {f"kinds.{row.kind}" for row in READERS if row.title.islower()}
    assert words == {key for key in STRINGS[language] if key.startswith("kinds.")}


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_a_knob_says_why_and_its_bounds_where_it_has_some(knob: Knob) -> None:
    why = STRINGS[ENGLISH][f"knob_{knob.name}_why"]
    assert len(why) > 30
    assert figures(why) == (set() if knob.low is None else {"low", "high"})


@pytest.fixture
def a_third_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A file more than there are, and nothing else."""
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, tmp_path)
    english = (FOLDER / "en.toml").read_text("utf-8")
    third = english.replace('name = "English"', 'name = "Deutsch"').replace('tag = "en"', 'tag = "de-AT"')
    third = third.replace('new_chat = "New chat"', 'new_chat = "Neues Gespräch"')
    (tmp_path / "de.toml").write_text(third, "utf-8")
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    words._strings.cache_clear()
    yield "de"
    words._strings.cache_clear()


def test_a_third_language_is_one_file(a_third_language: str) -> None:
    assert languages() == ("en", "de", "es", "zh")
    assert preferred("fr, de;q=0.9, en;q=0.8") == "de"
    assert language_name("fr", "de") == "French"
    assert 'data-language="de-AT"' in brand_html("de")
    said = Localised()
    with gr.Blocks():
        bar = build_sidebar(said)
    updates = said.updates("de")
    assert updates[bar.new_chat]["value"] == "Neues Gespräch"
    for value, name in (("en", "English"), ("es", "Español"), ("zh", "中文")):
        assert f'<option value="{value}">{name}</option>' in updates[bar.language]["value"]
    assert '<option value="de" selected>Deutsch</option>' in updates[bar.language]["value"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("de-DE,de;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh-TW;q=0.7, en;q=0.3", "zh"),
        (";;;q=x,,", "en"),
        ("zh;q=0, es-419;q=0.2", "es"),
    ],
)
def test_the_browser_says_which(header: str | None, language: str) -> None:
    assert preferred(header) == language


def test_the_languages_of_a_browser_stand_in_the_order_of_its_wishes() -> None:
    assert accepted("en;q=0.3, zh-TW;q=0.7, fr;q=0, de") == ["de", "zh-tw", "en"]


def test_placeholders_are_filled() -> None:
    assert text("waiting", "en", place=2).count("2") == 1
