"""Pure: the turns of a conversation -> a bar for each answer, in their order; page.js puts each under its answer.

A press on what has `data-act` is told with the id of its turn. "Try again" opens a menu, which stands in an element of its own:
what it does ends in an answer, and the rest does not.
"""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from chatbot.store.values import Turn
from chatbot.ui.icons import icon
from chatbot.ui.strings.words import Language, text


def bars(turns: Sequence[Turn], language: Language, *, rated: bool = True) -> str:
    """One for each answer that is seen: several in a row are one. `rated`: with what can be done about it."""
    runs = [list(run) for role, run in groupby(turns, lambda turn: turn.message.role) if role == "assistant"]
    return "".join(_bar(run[-1], language, rated) for run in runs)


def menu(adapters: Sequence[tuple[str, str]], language: Language) -> str:
    """Who may try again: (what it is called, its name); without a name that is the model alone."""
    items = "".join(
        f'<button type="button" role="menuitem" data-act="again" data-adapter="{escape(name)}">{icon("again")}'
        f"{escape(text('again_with', language, who=shown) if name else text('again_bare', language))}</button>"
        for shown, name in adapters
    )
    return f'<div class="by-menu" popover role="menu" aria-label="{escape(text("again", language))}">{items}</div>'


def _bar(turn: Turn, language: Language, rated: bool) -> str:
    who = " + ".join(filter(None, (turn.by.model, turn.by.adapter)))
    name = f'<span class="by-who">{escape(who)}</span>' if who else ""
    acts = _acts(turn, language) if rated else ""
    return f'<div class="by-turn">{name}{_places(turn, language)}{acts}{_say(language)}{_pace(turn, language)}</div>'


def _places(turn: Turn, language: Language) -> str:
    """Which of several answers this is, with a way to the others."""
    if turn.of < 2:
        return ""
    of = escape(text("answer_of", language, place=turn.place, of=turn.of))
    earlier = _button("earlier", "‹", text("answer_earlier", language), turn, off=turn.place == 1)
    later = _button("later", "›", text("answer_later", language), turn, off=turn.place == turn.of)
    return f'<span class="by-places">{earlier}<span>{of}</span>{later}</span>'


def _acts(turn: Turn, language: Language) -> str:
    again = escape(text("again", language))
    good = _button("good", icon("good"), text("good", language), turn, pressed=turn.liked is True)
    bad = _button("bad", icon("bad"), text("bad", language), turn, pressed=turn.liked is False)
    return (
        f'<button type="button" data-menu="{turn.id}" aria-haspopup="menu" aria-label="{again}" title="{again}">'
        f"{icon('again')}</button>{good}{bad}"
    )


def _say(language: Language) -> str:
    """Seen where voice is switched on; voice.js reads what stands above."""
    said = escape(text("voice_say", language))
    return f'<button type="button" class="by-say" data-say aria-label="{said}" title="{said}" aria-pressed="false">{icon("say")}</button>'


def _pace(turn: Turn, language: Language) -> str:
    by = turn.by
    if not (by.tokens and by.seconds):
        return ""
    words = text("speed", language, tokens=by.tokens, rate=f"{by.tokens / by.seconds:.0f}")
    return f'<span class="by-pace">{escape(words)}</span>'


def _button(act: str, shown: str, words: str, turn: Turn, *, off: bool = False, pressed: bool | None = None) -> str:
    said = escape(words)
    state = "" if pressed is None else f' aria-pressed="{str(pressed).lower()}"'
    return (
        f'<button type="button" data-act="{act}" data-id="{turn.id}" aria-label="{said}" title="{said}"{state}'
        f"{' disabled' if off else ''}>{shown}</button>"
    )
