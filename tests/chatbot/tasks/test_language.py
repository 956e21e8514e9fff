"""Which language a text is in, and how sure that is."""

import gzip
import json
from collections import defaultdict
from pathlib import Path

import pytest

from chatbot.tasks.language import LANGUAGES, detect, name_of, same
from retrieval.text.sentences import sentences


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("昨日は友達と一緒に映画を見に行きました。", "ja"),
        ("어제 친구와 함께 영화를 보러 갔습니다.", "ko"),
        ("昨天我和朋友一起去看了电影，这部电影很有意思。", "zh-hans"),
        ("昨天我和朋友一起去看了電影，這部電影很有意思。", "zh-hant"),
        ("今天下雨。", "zh"),  # characters of both standards
        ("我们使用 TensorFlow 进行训练。", "zh-hans"),
        ("Η γρήγορη αλεπού", "el"),
        ("ქართული ენა", "ka"),
        ("สวัสดีครับ", "th"),
        ("Сьогодні ми їдемо до моря, бо надворі дуже спекотно.", "uk"),
        ("Данас ћемо ићи на језеро са пријатељима и њиховом децом.", "sr"),
        ("Nous partirons demain matin pour la montagne avec toute la famille.", "fr"),
    ],
)
def test_it_is_told_and_is_sure(text: str, language: str) -> None:
    found = detect(text)
    assert (found.language, found.sure) == (language, True)
    assert detect(text) == found


@pytest.mark.parametrize("text", ["Hi", "no problem", "Taxi", "東", "OK 👍"])
def test_a_few_words_are_not_sure(text: str) -> None:
    assert not detect(text).sure


def test_two_languages_at_once_are_not_sure_and_both_are_named() -> None:
    english = "The committee will meet again on Thursday in order to discuss the new budget of the town. " * 4
    french = "Le comité se réunira de nouveau jeudi afin de discuter du nouveau budget de la commune. " * 4
    found = detect(english + french)
    assert not found.sure
    assert {found.language, *(code for code, _ in found.alternatives)} >= {"en", "fr"}
    mixed = detect("The committee met on Thursday. 委员会星期四开会讨论了预算问题。")
    assert not mixed.sure
    assert {mixed.language, *(code for code, _ in mixed.alternatives)} == {"en", "zh-hans"}


@pytest.mark.parametrize("text", ["", "12345 !!", "👍👍", "\x00\u202e"])
def test_what_has_no_letters_has_no_language(text: str) -> None:
    assert detect(text).language is None


def test_combining_and_right_to_left_characters_are_read() -> None:
    assert detect("Cafe\u0301 tre\u0300s ordinaire ou\u0300 l'on mange bien le dimanche matin").language == "fr"
    assert detect("مرحبا بكم في مدينتنا الجميلة على شاطئ البحر").language == "ar"
    assert detect("שלום לכולם וברוכים הבאים").language == "he"


def test_five_megabytes_are_judged_by_pieces() -> None:
    assert detect("Der Fluss fließt langsam durch das Tal und mündet in den See. " * 80_000).language == "de"


def test_every_language_has_its_name() -> None:
    for code in LANGUAGES:
        assert name_of(code) != code
    assert name_of("xx") == "xx"
    assert same("zh", "zh-hant") and not same("zh-hans", "zh-hant")


def test_sentences_of_twelve_languages_are_told(shared_data: Path) -> None:
    """XQuAD's first 20 paragraphs of each language; all of it by length: `tests/bench/tasks/languages.py`."""
    rows: dict[str, list[str]] = defaultdict(list)
    with gzip.open(shared_data / "dev" / "xquad12.paragraphs.jsonl.gz", "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            spans = sentences(record["context"])
            rows[record["lang"]] += [record["context"][a:b] for a, b in spans if b - a >= 40]
    assert len(rows) == 12
    for language, texts in rows.items():
        found = [detect(text) for text in texts[:40]]
        right = [one.language is not None and one.language.startswith(language) for one in found]
        assert sum(right) >= 38, language
        sure = [ok for ok, one in zip(right, found, strict=True) if one.sure]
        assert sum(sure) >= len(sure) - 1 and len(sure) >= 32, language
