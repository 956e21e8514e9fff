"""Every string is there in both languages, with the same placeholders, and used."""

import re
from pathlib import Path

import pytest

from chatbot.ui.strings.words import STRINGS, preferred, text
from finetune.spec.spec import KNOBS

UI = Path(__file__).parents[4] / "chatbot"


@pytest.mark.parametrize("key", sorted(k for k in STRINGS if not k.startswith("error.")))
def test_both_languages_say_the_same(key: str) -> None:
    english, chinese = STRINGS[key]
    assert english
    assert chinese
    assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", chinese))


def test_every_string_is_used() -> None:
    source = "\n".join(p.read_text("utf-8") for p in UI.rglob("*.py") if p.parent.name != "strings")
    made = {"temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_tokens", "seed"}
    made |= {f"{name}_info" for name in made}
    made |= {f"knob_{knob.name}{end}" for knob in KNOBS for end in ("", "_why")}
    unused = [
        k for k in STRINGS if not k.startswith("error.") and k not in made and not re.search(rf"[\"']{k}[\"']", source)
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("de-DE,de;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh-TW;q=0.7, en;q=0.3", "zh"),
        (";;;q=x,,", "en"),
    ],
)
def test_the_browser_says_which(header: str | None, language: str) -> None:
    assert preferred(header) == language


def test_placeholders_are_filled() -> None:
    assert text("waiting", "en", place=2).count("2") == 1
