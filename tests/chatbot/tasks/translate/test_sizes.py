"""What it costs to know how long texts are: requests to a server that counts them, and how near the estimates come."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message as Sent
from starlette.types import Receive, Scope, Send

from chatbot.api.routes import routes
from chatbot.common.errors import ContextOverflow
from chatbot.engine.base import Engine
from chatbot.engine.llamacpp.engine import LlamaCppEngine
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.run import segments
from chatbot.tasks.translate.sizes import Sizes
from chatbot.tasks.translate.text import Translated, translate
from chatbot.tasks.translate.work import Order, Translation
from chatbot.types import Chunk, LoadState, Message, Sampling
from tests.chatbot.serving import serving
from tests.chatbot.tasks.pseudo import engine

pytestmark = pytest.mark.slow

LINES = [f"Tree {n} of the old orchard was planted by the gardener in {1900 + n}." for n in range(160)]


@pytest.fixture(scope="module")
def small(bundled_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("small")
    made = LlamaCppEngine(bundled_gguf, name="small", adapters=list, cache=folder, context=1024, slots=4, threads=2)
    yield made
    made.close()


class Counted:
    """A Banyan over HTTP that lacks the paths which end in `without`. `seen` counts what is sent by path and status; looks at how
    it does are not."""

    def __init__(self, behind: Engine, without: str = "nothing") -> None:
        offered = [route for route in routes(behind, state=lambda: LoadState("ready")) if isinstance(route, Route)]
        self._app = Starlette(routes=[route for route in offered if not route.path.endswith(without)])
        self.seen: Counter[tuple[str, int]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Sent) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "POST":
                self.seen[scope["path"], message["status"]] += 1
            await send(message)

        await self._app(scope, receive, noted)


@contextmanager
def remote(server: Counted) -> Iterator[RemoteEngine]:
    with serving(server) as address:
        made = RemoteEngine(address)
        server.seen.clear()
        try:
            yield made
        finally:
            made.close()


def finished(engine: Engine, text: str) -> Translated:
    *_, last = translate(engine, "ada", text, target="de", source="en")
    assert isinstance(last, Translated)
    return last


def test_a_server_counts_tokens_once_for_twenty_segments(small: Engine) -> None:
    server = Counted(small)
    with remote(server) as engine:
        found = finished(engine, "\n\n".join(f"Tree {n} is old." for n in range(20)))
    assert len(found.pairs) == 20 and not any(flag.code == "failed" for pair in found.pairs for flag in pair.flags)
    assert server.seen == {("/v1/tokenize", 200): 1, ("/v1/chat/completions", 200): 20}


def test_a_server_that_cannot_count_is_asked_for_it_once() -> None:
    server = Counted(engine(), without="/tokenize")
    text = "\n\n".join(LINES)
    assert len(text) > 10_000
    with remote(server) as there:
        assert finished(there, text).text == text.upper()
        assert server.seen.pop(("/v1/chat/completions", 200)) == len(LINES)
        assert server.seen == {("/v1/tokenize", 404): 1, ("/tokenize", 404): 1}
        there.count_prompt([Message("user", "one")])
        assert server.seen.total() == 3, "only what else may count a conversation"


def test_a_server_that_was_replaced_is_asked_again() -> None:
    server = Counted(engine(), without="/tokenize")
    with remote(server) as there:
        assert there.count_tokens("one two three") == 5
        server._app = Counted(engine())._app
        assert there.count_tokens("one two three") == 5
        there.refresh()
        assert there.count_tokens("one two three") == 3


def test_estimates_come_near(small: Engine) -> None:
    """Within a third, in texts of one kind: 500 tokens, which a request takes, are then never more than 750."""
    chinese = [f"果园里的第{n}棵树是园丁种下的，现在每年秋天都会结出许多苹果。" for n in range(1, 30)]
    for texts in (LINES, chinese):
        sizes = Sizes(small, dict(enumerate(texts)))
        for at, text in enumerate(texts):
            assert sizes.of(at)(text) == pytest.approx(small.count_tokens(text), rel=0.33)


class Strict(ScriptedEngine):
    """As vLLM it refuses an answer for which there is no room behind the prompt."""

    def stream(self, messages: Sequence[Message], sampling: Sampling, **options: object) -> Iterator[Chunk]:
        if self.count_prompt(messages) + sampling.max_tokens > self.context_window:
            raise ContextOverflow("too long")
        return super().stream(messages, sampling, **options)  # type: ignore[arg-type]


def test_an_estimate_too_low_is_made_good_by_counting() -> None:
    dense = " ".join("abcdefghijklmnopqrstuvwxyz" * 6)
    text = [Segment("Incomprehensibilities " * 6 + "characteristically" * 20), Segment(dense)]
    strict = Strict(lambda messages: messages[-1].content[:100], context_window=300)
    found: dict[int, Translation] = {}
    for step in segments(strict, text, Order("en", "de"), stop=Event()):
        found.update(step.finished)
    assert not any(flag.code == "failed" for one in found.values() for flag in one.flags)
    room = [request.sampling.max_tokens + strict.count_prompt(request.messages) for request in strict.requests]
    assert max(room) == strict.context_window
