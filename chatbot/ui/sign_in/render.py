"""Pure: a language -> the pages beside the one of Gradio's: where people sign in (Gradio's can only say "Incorrect credentials"),
and where they make keys for their programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from chatbot.api.keys import Key
from chatbot.ui.chat.sidebar import LOGO
from chatbot.ui.strings.words import Language, text

HERE = Path(__file__).parent
SIGN_IN = {"tagline": "tagline", "send": "sign_in", "failed": "sign_in_failed"}
PASSWORD = {"name": "sign_in_name", "password": "sign_in_password"}
FIELDS = Template("""<label>$name<input name="username" autocomplete="username" autocapitalize="none" required autofocus></label>
  <label>$password<input name="password" type="password" autocomplete="current-password" required></label>""")
KEYS = {
    "title": "api_keys",
    "about": "keys_about",
    "label": "keys_label",
    "example": "keys_example",
    "make": "keys_make",
    "back": "keys_back",
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A provider as people know it, and where a sign-in there begins."""

    title: str
    start: str
    own_tab: bool = False


def sign_in(
    language: Language, *, passwords: bool = True, elsewhere: Elsewhere | None = None, failed: bool = False
) -> str:
    """`failed`: whether a sign-in elsewhere did not work."""
    fields = button = other = ""
    if passwords:
        words = {slot: escape(text(key, language)) for slot, key in PASSWORD.items()}
        fields, button = FIELDS.substitute(words), f"<button>{escape(text('sign_in', language))}</button>"
    if elsewhere:
        said = escape(text("sign_in_at", language, name=elsewhere.title))
        more = (' class="quiet"' if passwords else "") + (' target="_blank"' if elsewhere.own_tab else "")
        other = f'<a href="{escape(elsewhere.start)}"{more}>{said}</a>'
    fault = escape(text("sign_in_at_failed", language)) if failed else ""
    return filled("page.html", SIGN_IN, language, fields=fields, button=button, other=other, fault=fault)


def keys(
    user: str, known: Sequence[Key], language: Language, *, made: str = "", fault: str = "", admin: bool = False
) -> str:
    """`made` is the key that was just made, which is shown this once; `fault` why none was."""
    said = f'<p role="alert">{escape(fault)}</p>' if fault else ""
    if made:
        said = f'<p class="made" role="status">{escape(text("keys_made", language))}<code>{escape(made)}</code></p>'
    rows = "".join(_row(key, language) for key in known)
    none = f'<span class="quiet">{escape(text("keys_none", language))}</span>'
    return filled(
        "keys.html",
        KEYS,
        language,
        name=escape(user),
        said=said,
        all=f"<ul>{rows}</ul>" if rows else none,
        more=_more(language) if admin else "",
    )


def _more(language: Language) -> str:
    return f'<a href="admin">{escape(text("admin", language))}</a>'


def _row(key: Key, language: Language) -> str:
    away = escape(text("keys_revoke", language))
    return f"""<li><span>{escape(key.label)} <small class="quiet">{key.made} · {key.id}…</small></span>
<form action="keys" method="post"><button name="revoke" value="{key.id}" aria-label="{away}: {escape(key.label)}">{away}</button></form></li>"""


def filled(file: str, words: dict[str, str], language: Language, **more: str) -> str:
    """The page in `file`, with the strings of `words` and the HTML of `more` in its slots."""
    told = {slot: escape(text(key, language)) for slot, key in words.items()}
    style = (HERE / "plain.css").read_text("utf-8")
    tag = text("language.tag", language)
    return Template((HERE / file).read_text("utf-8")).substitute(told, style=style, tag=tag, logo=LOGO, **more)
