"""Pure: what the chat says of a model on its way: the first start, one that takes another's place, one that could not be had."""

from html import escape

from chatbot.common.errors import BanyanError
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.models.catalogue import CATALOGUE, SMALL, Machine
from chatbot.engine.models.target import Target
from chatbot.ui.models.cards import title_of
from chatbot.ui.models.render import bytes_words, little_memory, way
from chatbot.ui.parts import render
from chatbot.ui.strings.words import Language, text


def card(engine: LoadingEngine, machine: Machine, language: Language, *, admin: bool) -> str:
    """Empty where there is nothing to say. Others than an `admin` see no buttons."""
    present, coming = engine.present, engine.coming
    if present is None:
        return _first(engine, machine, language, admin) if engine.state().status == "loading" else ""
    if coming and coming.state.status == "loading":
        return _takes_over(present.model, coming, language)
    if coming and coming.state.failure:
        return _told("first_failed", present.model, coming.reference, coming.state.failure, language, admin)
    if engine.instead:
        return _told("first_instead", present.model, engine.started, engine.instead, language, admin)
    return ""


def moves(engine: LoadingEngine) -> bool:
    """Whether it will say something else soon."""
    ways = [one for one in (engine.coming, engine.stopgap) if one and one.state.status == "loading"]
    return bool(ways) or engine.state().status == "loading"


def _first(engine: LoadingEngine, machine: Machine, language: Language, admin: bool) -> str:
    coming, stopgap = engine.coming, engine.stopgap
    if coming is None:
        return ""
    known, title = CATALOGUE.get(coming.reference), title_of(coming.reference)
    size = text("first_size", language, size=bytes_words(known.size)) if known else ""
    below = ""
    if stopgap and stopgap.state.status == "loading":
        below = f"<p>{escape(text('first_meanwhile', language, model=title_of(stopgap.reference)))}</p>{way(stopgap, language)}"
    elif stopgap and stopgap.state.failure:
        below = render.notice(stopgap.state.failure, language)
    if admin and known is not SMALL and not (stopgap and stopgap.state.status == "loading"):
        below += _offer(language)
    return (
        f'<section class="by-first"><h2>{escape(text("first_title", language, model=title))}</h2>'
        f"<p>{escape(text('first_more', language))} {escape(size)}</p>{way(coming, language)}{below}"
        f"{little_memory(machine, language)}</section>"
    )


def _offer(language: Language) -> str:
    words = text("first_small", language, size=bytes_words(SMALL.size))
    more = escape(text("first_small_more", language))
    return f'<div class="by-first-do">{render.button("meanwhile", words, SMALL.name, SMALL.title)}<small>{more}</small></div>'


def _takes_over(answers: str, coming: Target, language: Language) -> str:
    said = text("first_takes_over", language, model=answers, next=title_of(coming.reference))
    return f'<section class="by-first by-first-next"><p>{escape(said)}</p>{way(coming, language)}</section>'


def _told(key: str, answers: str, wanted: str, reason: BanyanError, language: Language, admin: bool) -> str:
    said = text(key, language, model=answers, wanted=title_of(wanted), reason=render.message(reason, language))
    dismiss = render.button("heard", text("mo_forget", language), wanted, title_of(wanted)) if admin else ""
    return f'<div class="by-first by-first-told" role="alert"><p>{escape(said)}</p>{dismiss}</div>'
