"""Which model translates a pair of languages: the one in use, an adapter, or none here."""

from dataclasses import dataclass
from typing import Literal

from chatbot.common.errors import InputError
from chatbot.engine.adapters.folders import visible
from chatbot.engine.base import Engine
from chatbot.tasks.language import name_of, primary
from chatbot.types import Adapter

ADAPTER = "translate"  # the adapter of this name, where there is one, was trained on this prompt


@dataclass(frozen=True, slots=True)
class Support:
    """`adapter` is what will be asked (None: the base model, `model`). `status`: the pair is among what it was made for, it is
    not known what it was made for, or it was made for other languages: `missing` are the codes it lacks.

    `others` are adapters that were made for the pair.
    """

    status: Literal["known", "unknown", "no"]
    model: str
    adapter: str | None = None
    missing: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        return f"{self.model} + {self.adapter}" if self.adapter else self.model


def support(engine: Engine, owner: str, source: str, target: str, adapter: str | None = None) -> Support:
    """Who translates from `source` into `target` for this owner; `adapter` is what the owner chose, empty
    where it is to be none.

    Without a choice the adapter named "translate" is taken, unless it was made for other pairs. Raises what `engine.model`
    raises while there is none.
    """
    mine = {known.name: known for known in visible(engine.adapters(), owner)}
    others = tuple(name for name, known in mine.items() if made_for(known, source, target))
    chosen = mine.get(ADAPTER if adapter is None else adapter)
    if chosen is not None:
        knows = made_for(chosen, source, target)
        if knows or (knows is None and (adapter or chosen.name == ADAPTER)):
            return Support("known" if knows else "unknown", engine.model, chosen.name, others=others)
        if adapter:
            return Support("no", engine.model, adapter, (source, target), others)
    languages = engine.traits.languages
    if languages is None:
        return Support("unknown", engine.model, others=others)
    missing = tuple(code for code in (source, target) if primary(code) not in languages)
    return Support("no" if missing else "known", engine.model, None, missing, others)


def made_for(adapter: Adapter, source: str, target: str) -> bool | None:
    """By the `languages` of its card, pairs such as "en-de, de-en"; None when the card does not say."""
    pairs = [pair.strip() for pair in adapter.details.get("languages", "").split(",") if pair.strip()]
    return f"{primary(source)}-{primary(target)}" in pairs if pairs else None


def require(found: Support, source: str, target: str) -> None:
    """Raises `InputError` where the model would only pretend."""
    if found.status != "no":
        return
    pair = f"{name_of(source)} into {name_of(target)}"
    other = (
        f"Choose the adapter {found.others[0]}."
        if found.others
        else "Choose a model that knows both, or train an adapter for the pair."
    )
    raise InputError(
        f"{found.who} was not made to translate {pair}. {other}",
        kind="pair_other" if found.others else "pair_unknown",
        who=found.who,
        source=source,
        target=target,
        other=found.others[0] if found.others else "",
    )
