"""The engines. A new one is a folder beside the others whose `offer.py` says what it is, and a line here.

This is the only place that names implementations.
"""

import logging

from chatbot.common.errors import ModelNotFound
from chatbot.common.step import Progress
from chatbot.common.system.extras import COMMAND
from chatbot.engine.base import Engine
from chatbot.engine.llamacpp.offer import OFFER as LLAMACPP
from chatbot.engine.local.offer import OFFER as LOCAL
from chatbot.engine.offer import Offer, Slow, Wanted
from chatbot.engine.remote.offer import OFFER as REMOTE
from chatbot.engine.remote.offer import look
from chatbot.engine.scripted import OFFER as SCRIPTED

__all__ = ["build_engine", "choose", "look", "names", "prepare", "slow"]

log = logging.getLogger("banyan")

ENGINES: tuple[Offer, ...] = (REMOTE, LOCAL, LLAMACPP, SCRIPTED)
"""`auto` asks them in this order and takes the first that has a reason; llamacpp always has one."""


def names() -> tuple[str, ...]:
    """What --engine may be."""
    return ("auto", *sorted(offer.name for offer in ENGINES))


def choose(wanted: Wanted) -> tuple[Offer, str]:
    """(engine, why) for the settings. Raises `ModelNotFound` where its libraries are not installed."""
    if wanted.engine != "auto":
        offer, why = next(offer for offer in ENGINES if offer.name == wanted.engine), "it was asked for"
    else:
        offer, why = next((offer, why) for offer in ENGINES if (why := offer.picked(wanted)))
    if lacks := ", ".join(offer.lacks()):
        raise ModelNotFound(
            f"{wanted.model} needs the engine {offer.name}, and that {lacks}, which a light install leaves out: run "
            f"{COMMAND} in Banyan's folder, or take a GGUF file of the model.",
            kind="engine_light",
            name=wanted.model,
            engine=offer.name,
            lacks=lacks,
            command=COMMAND,
        )
    return offer, why


def prepare(wanted: Wanted) -> None:
    """Before the page is launched."""
    choose(wanted)[0].prepare(wanted)


def build_engine(wanted: Wanted, progress: Progress) -> Engine:
    """The engine of the settings with its model in memory; says in the log what `auto` picked and why."""
    offer, why = choose(wanted)
    if wanted.engine == "auto":
        log.info("Engine: %s, because %s. --engine chooses another.", offer.name, why)
    engine = offer.build(wanted, progress)
    if slow := offer.slow():
        log.info(
            "This processor has %s, which the installed library does not use. A faster one: %s",
            ", ".join(slow.unused),
            slow.command,
        )
    return engine


def slow(engine: Engine) -> Slow | None:
    """Whether another build of the engine's library would be faster on this machine."""
    offer = next((offer for offer in ENGINES if offer.name == engine.name), None)
    return offer.slow() if offer else None
