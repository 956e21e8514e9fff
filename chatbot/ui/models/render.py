"""Pure: models and what becomes of them -> HTML."""

from collections.abc import Sequence
from html import escape

from chatbot.common.system.extras import COMMAND
from chatbot.engine.models.catalogue import CATALOGUE, SMALL, STANDARD_FREE, Known, Machine
from chatbot.engine.models.target import Target
from chatbot.engine.offer import Slow
from chatbot.ui.models.cards import Card
from chatbot.ui.parts import render
from chatbot.ui.strings.words import Language, language_name, languages, text

GB, MB = 10**9, 10**6
GIB = 2**30


def bytes_words(size: int) -> str:
    """Of a file, as shops count."""
    return f"{size / GB:.1f} GB" if size >= GB else f"{max(1, round(size / MB))} MB"


def memory_words(size: int) -> str:
    return f"{size / GIB:.1f}".removesuffix(".0") + " GB"


def left_words(seconds: float | None, language: Language) -> str:
    """About how long still; empty while that is not known."""
    if seconds is None:
        return ""
    if seconds < 55:
        return text("mo_left_soon", language)
    return text("mo_left", language, minutes=round(seconds / 60))


def languages_words(known: frozenset[str], language: Language) -> tuple[str, str]:
    """(the first few by name, all of them): those of the page come first."""
    ours = sorted((code for code in languages() if code in known), key=lambda code: code != language)
    names = sorted(language_name(code, language) for code in known if code not in ours)
    comma = text("language.comma", language)
    every = [*(language_name(code, language) for code in ours), *names]
    few = comma.join(every[: max(2, len(ours))])
    rest = len(every) - max(2, len(ours))
    return (text("mo_languages", language, few=few, rest=rest) if rest > 1 else comma.join(every)), comma.join(every)


def now(title: str, engine: str, device: str, window: int, language: Language) -> str:
    """What answers."""
    context = text("meter_empty", language, window=f"{window:,}")
    more = " · ".join((engine, device, context))
    return (
        f'<div class="by-mo-now"><small>{escape(text("mo_now", language))}</small><b>{escape(title)}</b>'
        f"<span>{escape(more)}</span></div>"
    )


def little_memory(machine: Machine, language: Language) -> str:
    """Why the smallest was chosen; empty where there is memory enough."""
    if machine.suits is not SMALL:
        return ""
    said = text("mo_little", language, free=memory_words(machine.free), least=memory_words(STANDARD_FREE))
    return f'<p class="by-caution" role="note">{escape(said)}</p>'


def slow(found: Slow, language: Language) -> str:
    """What whoever runs the server can do for speed."""
    said = text("mo_slow", language, unused=", ".join(found.unused))
    return _advice(said, text("mo_slow_how", language), found.command)


def light(language: Language) -> str:
    """What the libraries would add that a light install leaves out."""
    return _advice(text("mo_light", language), text("mo_light_how", language), COMMAND)


def _advice(said: str, how: str, command: str) -> str:
    return (
        f'<details class="by-caution"><summary>{escape(said)}</summary><p>{escape(how)}</p>'
        f"<pre><code>{escape(command)}</code></pre></details>"
    )


def listed(
    cards: Sequence[Card], machine: Machine, room: int, language: Language, *, admin: bool, armed: str = ""
) -> str:
    """Each model with what can be done; `room` is the memory that a model may take. Others than an admin see no buttons."""
    known = [card for card in cards if card.known]
    others = [card for card in cards if not card.known]
    shown = {"mo_known": known, "mo_others": others}
    return "".join(
        f'<h3 class="by-list-head">{escape(text(head, language))}</h3><ul class="by-mo-list">'
        + "".join(_card(card, machine, room, language, admin, armed == card.reference) for card in group)
        + "</ul>"
        for head, group in shown.items()
        if group
    )


def way(target: Target, language: Language) -> str:
    """How far a model is on its way: the step, a bar, how much of it is here, about how long still."""
    fraction = target.state.fraction
    kind, width = (" by-unknown", 35) if fraction is None else ("", round(100 * fraction))
    return (
        f'<div class="by-mo-way" role="status"><span>{escape(_step(target, language))}</span>'
        f"<span>{escape(' · '.join(_figures(target, language)))}</span>"
        f'<span class="by-bar{kind}" aria-hidden="true"><i style="width:{width}%"></i></span></div>'
    )


def _step(target: Target, language: Language) -> str:
    """Where it is fetched from: what it is called there says nothing to people."""
    sources = {"fetching_hub": "mo_from_hub", "fetching_index": "mo_from_index"}
    code = target.state.step.code if target.state.step else ""
    return text(sources[code], language) if code in sources else render.state_words(target.state, language)


def _figures(target: Target, language: Language) -> list[str]:
    fraction, known = target.state.fraction, CATALOGUE.get(target.reference)
    if fraction is None:
        return []
    figures = [f"{round(100 * fraction)} %"]
    if known and target.state.step and target.state.step.code.startswith("fetching"):
        some, whole = bytes_words(round(fraction * known.size)), bytes_words(known.size)
        figures.append(text("mo_of", language, some=some, whole=whole))
    return [*figures, *filter(None, [left_words(target.pace.left, language)])]


def _card(card: Card, machine: Machine, room: int, language: Language, admin: bool, armed: bool) -> str:
    on = ' class="by-mo-on"' if card.state == "serves" else ""
    suits = card.known is machine.suits
    tag = f' <span class="by-tag">{escape(text("mo_suits", language))}</span>' if suits else ""
    below = ""
    if card.way and card.way.state.status == "loading":
        below = way(card.way, language)
    elif card.way and card.way.state.failure:
        below = render.notice(card.way.state.failure, language)
    return (
        f'<li{on}><div class="by-mo-what"><p><b>{escape(card.title)}</b>{tag}</p>{_facts(card, room, language)}</div>'
        f'<div class="by-mo-do"><span class="by-mo-state by-{card.state}">{escape(text(f"mo_{card.state}", language))}</span>'
        f"{_buttons(card, language, armed) if admin else ''}</div>{below}</li>"
    )


def _facts(card: Card, room: int, language: Language) -> str:
    facts = [bytes_words(card.known.size if card.known else card.bytes)] if card.known or card.bytes else []
    if card.known:
        facts += [text("mo_memory", language, size=memory_words(card.known.memory)), card.known.licence]
    if card.rate is not None:
        facts.append(text("mo_rate", language, rate=f"{card.rate:.0f}"))
    lines = _spoken(card.known, language) if card.known else ""
    lines += f"<small>{' · '.join(f'<span>{escape(fact)}</span>' for fact in facts)}</small>" if facts else ""
    if card.known and card.known.memory > room and card.state != "serves":
        lines += f'<small class="by-mo-much">{escape(text("mo_much", language, free=memory_words(room)))}</small>'
    return lines


def _spoken(known: Known, language: Language) -> str:
    few, every = languages_words(known.languages, language)
    return f'<span title="{escape(every)}">{escape(few)}</span>'


def _buttons(card: Card, language: Language, armed: bool) -> str:
    def made(act: str, key: str, kind: str = "") -> str:
        return render.button(act, text(key, language), card.reference, card.title, kind)

    if card.state == "coming":
        return made("leave", "mo_cancel")
    if card.state == "fetching":
        return made("cancel", "mo_cancel")
    shown = ""
    if card.state != "serves":
        shown += made("use", "mo_use", "by-primary" if card.state in ("there", "server") else "")
    if card.state in ("away", "begun"):
        shown += made("fetch", "mo_fetch" if card.state == "away" else "mo_go_on")
    if card.removable:
        shown += made("remove", "mo_remove_sure", "by-sure") if armed else made("remove", "mo_remove")
    if card.way:
        shown += made("forget", "mo_forget")
    return shown
