"""Pure: a language -> the pages beside the one of Gradio's: where people sign in (Gradio's can only say "Incorrect credentials"),
where they make keys for their programs, and what is said where that fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from chatbot.api.keys import Key
from chatbot.ui.chat.sidebar import LOGO
from chatbot.ui.strings.words import Language, text

HERE = Path(__file__).parent
SIGN_IN = {"title": "sign_in", "tagline": "tagline", "failed": "sign_in_failed"}
PASSWORD = {"name": "sign_in_name", "password": "sign_in_password"}
FIELDS = Template("""<label>$name<input name="username" autocomplete="username" autocapitalize="none" required autofocus></label>
  <label>$password<input name="password" type="password" autocomplete="current-password" required></label>""")
KEYS = {
    "title": "api_keys",
    "about": "keys_about",
    "label": "keys_label",
    "example": "keys_example",
    "make": "keys_make",
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
    body = _filled("sign_in.html", SIGN_IN, language, fields=fields, button=button, other=other, fault=fault)
    return _framed(SIGN_IN["title"], body, language)


def keys(
    user: str, known: Sequence[Key], language: Language, *, made: str = "", fault: str = "", admin: bool = False
) -> str:
    """`made` is the key that was just made, which is shown this once; `fault` why none was."""
    said = f'<p role="alert">{escape(fault)}</p>' if fault else ""
    if made:
        said = f'<p class="made" role="status">{escape(text("keys_made", language))}<code>{escape(made)}</code></p>'
    rows = "".join(_row(key, language) for key in known)
    none = f'<span class="quiet">{escape(text("keys_none", language))}</span>'
    return inside(
        "keys.html",
        KEYS,
        user,
        language,
        said=said,
        all=f'<ul class="by-keys">{rows}</ul>' if rows else none,
        more=_more(language) if admin else "",
    )


def failed(title: str, user: str, fault: str, language: Language) -> str:
    """The page whose `title` is the string of that key, where there is nothing to show but what went wrong."""
    return inside("fault.html", {"title": title}, user, language, fault=escape(fault))


def _more(language: Language) -> str:
    return f'<a href="admin">{escape(text("admin", language))}</a>'


def _row(key: Key, language: Language) -> str:
    away = escape(text("keys_revoke", language))
    return f"""<li><span>{escape(key.label)} <small class="quiet">{key.made} · {key.id}…</small></span>
<form action="keys" method="post"><button name="revoke" value="{key.id}" aria-label="{away}: {escape(key.label)}">{away}</button></form></li>"""


def inside(file: str, words: Mapping[str, str], user: str, language: Language, **more: str) -> str:
    """The page of who is signed in with what is in `file`: the strings of `words`, among them its title, and the HTML of `more`."""
    content = _filled(file, words, language, **more)
    around = {"title": words["title"], "back": "keys_back"}
    return _framed(
        words["title"], _filled("inside.html", around, language, name=escape(user), content=content), language
    )


def _framed(title: str, body: str, language: Language) -> str:
    """A whole document; `title` is the key of a string."""
    style, tag = (HERE / "plain.css").read_text("utf-8"), text("language.tag", language)
    return _filled("frame.html", {"title": title}, language, style=style, tag=tag, body=body)


def _filled(file: str, words: Mapping[str, str], language: Language, **more: str) -> str:
    told = {slot: escape(text(key, language)) for slot, key in words.items()}
    return Template((HERE / file).read_text("utf-8")).substitute(told, logo=LOGO, **more)
