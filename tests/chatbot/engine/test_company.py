"""An answer is its own whoever asks beside it and whatever is in the cache: `near_ties.CLOSE` nats are all that may differ.

The engines are asked in company and again; what each must say comes from an engine of its own that was never asked anything
else. That the comparison would notice another's adapter or cache is shown with answers that have exactly that.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import pytest
from starlette.applications import Starlette

from chatbot.api.routes import routes
from chatbot.engine.adapters.folders import find
from chatbot.engine.base import Engine, complete
from chatbot.engine.local.engine import LocalEngine
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.types import GREEDY, Completion, LoadState, Message
from tests.chatbot.engine.near_ties import same, told
from tests.chatbot.serving import serving
from tests.tiny import make_adapter, make_model

pytestmark = pytest.mark.slow

Asked = tuple[str | None, tuple[Message, ...]]
ADAPTERS = (None, "a", "b")
SHORT = told(replace(GREEDY, max_tokens=16))
GO_ON = Message("user", "Go on.")
TALKS = [
    (Message("user", f"How many trunks has the {tree}? " * 6), Message("assistant", f"The {tree} has many."), GO_ON)
    for tree in ("banyan", "oak")
]
QUESTIONS = [*(talk[:1] for talk in TALKS), *TALKS]
ALL: list[Asked] = list(product(ADAPTERS, QUESTIONS))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("company")
    model = make_model(root / "model", "llama")
    for seed, name in enumerate(("a", "b")):
        make_adapter(model, root / "adapters" / name, seed=seed)
    return root


def local(home: Path) -> LocalEngine:
    return LocalEngine(home / "model", name="tiny", adapters=lambda: find([home / "adapters"]), dtype="fp32", slots=8)


@pytest.fixture(scope="module", params=["local", "remote"])
def engine(request: pytest.FixtureRequest, home: Path) -> Iterator[Engine]:
    behind = local(home)
    if request.param == "local":
        yield behind
    else:
        with serving(Starlette(routes=routes(behind, state=lambda: LoadState("ready")))) as address:
            made = RemoteEngine(address, slots=8)
            yield made
            made.close()
    behind.close()


@pytest.fixture(scope="module")
def alone(home: Path) -> dict[Asked, Completion]:
    """What each is answered by an engine that knows nothing else."""
    found = {}
    for asked in ALL:
        engine = local(home)
        found[asked] = answer(engine, asked)
        engine.close()
    return found


def answer(engine: Engine, asked: Asked) -> Completion:
    adapter, question = asked
    return complete(engine, question, SHORT, adapter=adapter)


def together(engine: Engine, wanted: Sequence[Asked]) -> list[Completion]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda asked: answer(engine, asked), wanted))


def test_24_at_once_and_again_from_the_cache(engine: Engine, alone: dict[Asked, Completion]) -> None:
    wanted = [*ALL, *ALL]
    for asked, found in zip(wanted, together(engine, wanted), strict=True):
        same(found, alone[asked])
    for asked in ALL:
        same(answer(engine, asked), alone[asked])


def test_what_is_gone_on_with_comes_out_of_its_own_cache(engine: Engine, alone: dict[Asked, Completion]) -> None:
    """Every conversation right behind the other one, which ends in the same words, and behind the other adapters."""
    for talk in TALKS:
        for adapter in ADAPTERS:
            answer(engine, (adapter, talk[:1]))
    for asked in [(adapter, talk) for talk in TALKS for adapter in ADAPTERS]:
        same(answer(engine, asked), alone[asked])


def test_scores_are_the_same_in_company(engine: Engine, home: Path) -> None:
    wanted = [(adapter, talk) for adapter in ADAPTERS for talk in TALKS]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda asked: engine.score(asked[1], ["yes", "no"], adapter=asked[0]), wanted))
    for (adapter, talk), scores in zip(wanted, found, strict=True):
        lone = local(home)
        assert scores == pytest.approx(lone.score(talk, ["yes", "no"], adapter=adapter), abs=0.05)
        lone.close()


@pytest.mark.parametrize("question", range(len(QUESTIONS)))
def test_another_adapter_would_be_noticed(alone: dict[Asked, Completion], question: int) -> None:
    for mine, theirs in combinations(ADAPTERS, 2):
        differ(alone[mine, QUESTIONS[question]], alone[theirs, QUESTIONS[question]])


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_another_cache_would_be_noticed(alone: dict[Asked, Completion], adapter: str | None) -> None:
    """The keys of the other conversation before the same last words."""
    differ(alone[adapter, TALKS[0]], alone[adapter, TALKS[1]])


def differ(mine: Completion, theirs: Completion) -> None:
    """Fails where each would pass for the other: one of the two may begin with a near tie of the other's."""
    with pytest.raises(AssertionError, match="instead of"):
        same(mine, theirs)
        same(theirs, mine)
