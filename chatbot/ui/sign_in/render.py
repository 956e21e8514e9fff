"""Pure: a language -> the page on which people sign in. Gradio's own can only say "Incorrect credentials"."""

from html import escape
from pathlib import Path
from string import Template

from chatbot.ui.chat.sidebar import LOGO
from chatbot.ui.strings.words import Language, text

WORDS = {
    "tagline": "tagline",
    "name": "sign_in_name",
    "password": "sign_in_password",
    "send": "sign_in",
    "failed": "sign_in_failed",
}


def page(language: Language) -> str:
    words = {name: escape(text(key, language)) for name, key in WORDS.items()}
    file = Template(Path(__file__).with_name("page.html").read_text("utf-8"))
    return file.substitute(words, tag=text("language.tag", language), logo=LOGO)
