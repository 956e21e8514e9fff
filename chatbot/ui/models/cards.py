"""Which models the tab lists, and in which state each is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot.engine.models import on_disk
from chatbot.engine.models.catalogue import CATALOGUE, Known
from chatbot.engine.models.target import Target
from chatbot.engine.servers import title_of as title_of_server
from chatbot.ui.services import Services

State = Literal["serves", "coming", "fetching", "there", "begun", "away", "server"]


@dataclass(frozen=True, slots=True)
class Card:
    """One model. `way` is how it comes, or why it did not; `rate` tokens written per second here; `bytes` on this disk."""

    reference: str
    state: State
    known: Known | None = None
    way: Target | None = None
    rate: float | None = None
    bytes: int = 0
    removable: bool = False

    @property
    def title(self) -> str:
        return title_of(self.reference)


def title_of(reference: str) -> str:
    """What people call a model: of a path the last part, for nobody else needs to know where it lies."""
    if known := CATALOGUE.get(reference):
        return known.title
    return title_of_server(reference) or (reference if on_disk.is_name(reference) else Path(reference).name)


def cards(services: Services) -> list[Card]:
    """The known ones first, the smallest before the others; then what was fetched by name, or given when Banyan started."""
    assert services.models is not None
    here = {one.reference: one for one in on_disk.installed(services.models.models)}
    return [_card(reference, here.get(reference), services) for reference in _listed(services, here)]


def serving(services: Services) -> str:
    """The reference of what answers, by its name in the catalogue whatever it was called; empty while there is none."""
    present = services.engine.present
    return (present.traits.known or services.engine.reference) if present else ""


def _listed(services: Services, here: Iterable[str]) -> Iterator[str]:
    """Each model once, also where two references mean one file."""
    engine, models = services.engine, services.models
    assert models is not None
    coming = [engine.coming.reference] if engine.coming else []
    seen: set[object] = set()
    servers = [server.reference for server in services.servers.all()] if services.servers else []
    for reference in (*CATALOGUE, serving(services), engine.started, *coming, *servers, *models.known(), *here):
        lies = frozenset(on_disk.lying(reference, models.models)) or reference
        if reference and lies not in seen and not _is_known_under_another_name(reference, services):
            seen.add(lies)
            yield reference


def _is_known_under_another_name(reference: str, services: Services) -> bool:
    engine = services.engine
    return reference not in CATALOGUE and reference == engine.reference and serving(services) in CATALOGUE


def _card(reference: str, here: on_disk.Installed | None, services: Services) -> Card:
    assert services.models is not None
    state, way = _state(reference, here, services)
    return Card(
        reference,
        state,
        CATALOGUE.get(reference),
        way,
        services.speeds.of(reference) if services.speeds else None,
        here.bytes if here else 0,
        removable=state == "server" or (here is not None and state in ("there", "begun")),
    )


def _state(reference: str, here: on_disk.Installed | None, services: Services) -> tuple[State, Target | None]:
    engine, models = services.engine, services.models
    assert models is not None
    coming, fetch = engine.coming, models.state(reference)
    if coming and coming.reference == reference and coming.state.status == "loading":
        return "coming", coming
    failed = coming if coming and coming.reference == reference and coming.state.status == "failed" else None
    if fetch and fetch.state.status == "loading":
        return "fetching", fetch
    if reference == serving(services):
        return "serves", failed
    if title_of_server(reference):
        return "server", failed
    if here is None:
        return ("away" if reference in CATALOGUE or on_disk.is_name(reference) else "there"), failed or fetch
    return ("there" if here.whole else "begun"), failed or fetch
