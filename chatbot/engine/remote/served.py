"""What the servers have: one model, which all of them must have, its window, and its adapters."""

from collections.abc import Sequence

from chatbot.common.errors import EngineUnavailable, ModelNotFound
from chatbot.engine.remote import scoring, wire
from chatbot.engine.remote.backend import Backend, Cards
from chatbot.engine.remote.published import Published
from chatbot.types import Adapter

WINDOW = 8192  # tokens, of a server that tells nothing: what most of today's models have at least


class Served:
    """`model` is empty until a server has listed its first, where nobody named one. `published` adapters are brought to all."""

    def __init__(self, model: str, backends: Sequence[Backend], published: Published | None) -> None:
        self.model = model
        self._backends, self._published = backends, published
        self._windows: dict[str, int] = {}  # by the server's address

    @property
    def window(self) -> int:
        """Tokens that each of them can see."""
        return min(self._windows.values(), default=WINDOW)

    @property
    def brings(self) -> bool:
        return self._published is not None

    def adapters(self) -> list[Adapter]:
        return list({known.name: known for backend in self._backends for known in backend.adapters}.values())

    def look(self, backend: Backend) -> None:
        """Whether the server answers and has the model; takes over its adapters. Raises `BanyanError`."""
        cards = backend.cards()
        self._require(backend, cards)
        backend.adapters = self._offered(backend, cards or [])
        if backend.scores is None:
            backend.scores = scoring.way(backend, self.model)
        if backend.url not in self._windows and (
            window := wire.window(cards or [], self.model) or backend.slot_window()
        ):
            self._windows[backend.url] = window

    def _require(self, backend: Backend, cards: Cards | None) -> None:
        if cards is None and not self.model:
            raise EngineUnavailable(
                f"{backend.url} lists no models. Check the address, or name the model.",
                kind="remote_no_models",
                url=backend.url,
            )
        self.model = self.model or wire.first_model(cards or [], backend.url)
        if cards and self.model not in {card["id"] for card in cards}:
            others = ", ".join(str(card["id"]) for card in cards[:5])
            raise ModelNotFound(
                f"The server at {backend.url} has no model “{self.model}”. It has: {others}.",
                kind="remote_lacks",
                name=self.model,
                url=backend.url,
                others=others,
            )

    def _offered(self, backend: Backend, cards: Cards) -> list[Adapter]:
        """The adapters that the server has of its own, and those of ours that it has loaded."""
        if not (ours := self._published):
            return wire.adapters(cards, self.model)
        backend.own = wire.adapters([card for card in cards if not ours.owns(card)], self.model)
        taken = {known.name for each in self._backends for known in each.own} | {self.model}
        return [*backend.own, *ours.settle(backend, cards, taken)]
