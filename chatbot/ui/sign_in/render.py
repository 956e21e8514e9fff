"""Pure: a language -> the pages beside the one of Gradio's: where people sign in (Gradio's can only say "Incorrect credentials"),
and where they make keys for their programs."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from chatbot.api.keys import Key
from chatbot.ui.chat.sidebar import LOGO
from chatbot.ui.strings.words import Language, text

HERE = Path(__file__).parent
SIGN_IN = {
    "tagline": "tagline",
    "name": "sign_in_name",
    "password": "sign_in_password",
    "send": "sign_in",
    "failed": "sign_in_failed",
}
KEYS = {
    "title": "keys",
    "about": "keys_about",
    "label": "keys_label",
    "example": "keys_example",
    "make": "keys_make",
    "back": "keys_back",
}


def sign_in(language: Language) -> str:
    return _filled("page.html", SIGN_IN, language)


def keys(user: str, known: Sequence[Key], language: Language, *, made: str = "", fault: str = "") -> str:
    """`made` is the key that was just made, which is shown this once; `fault` why none was."""
    said = f'<p role="alert">{escape(fault)}</p>' if fault else ""
    if made:
        said = f'<p class="made" role="status">{escape(text("keys_made", language))}<code>{escape(made)}</code></p>'
    rows = "".join(_row(key, language) for key in known)
    none = f'<span class="quiet">{escape(text("keys_none", language))}</span>'
    return _filled("keys.html", KEYS, language, name=escape(user), said=said, all=f"<ul>{rows}</ul>" if rows else none)


def _row(key: Key, language: Language) -> str:
    away = escape(text("keys_revoke", language))
    return f"""<li><span>{escape(key.label)} <small class="quiet">{key.made} · {key.id}…</small></span>
<form action="keys" method="post"><button name="revoke" value="{key.id}" aria-label="{away}: {escape(key.label)}">{away}</button></form></li>"""


def _filled(file: str, words: dict[str, str], language: Language, **more: str) -> str:
    told = {slot: escape(text(key, language)) for slot, key in words.items()}
    style = (HERE / "plain.css").read_text("utf-8")
    tag = text("language.tag", language)
    return Template((HERE / file).read_text("utf-8")).substitute(told, style=style, tag=tag, logo=LOGO, **more)
