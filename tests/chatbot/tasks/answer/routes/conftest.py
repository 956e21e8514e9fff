"""Small documents in a library without an embedder, asked of an engine that fails when it is asked."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.answer.check import Answer
from chatbot.tasks.answer.work import Retrieval, ask
from retrieval.checks.gate import Gate, Model
from retrieval.library import Library

Asked = Callable[..., Answer]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "library", None)
    yield library
    library.close()


@pytest.fixture
def asked(library: Library, tmp_path: Path) -> Asked:
    """Puts files in (name=text) and asks; `said` is what the model says."""

    def ask_of(question: str, files: dict[str, str], *said: str) -> Answer:
        for name, text in files.items():
            path = tmp_path / name
            path.write_text(text, "utf-8")
            assert library.add("ada", path, name).passages
        open_gate = Gate(dict.fromkeys(("spaced", "spaced_dense", "unspaced"), Model((), (), (), (), 0.0, 0.0)))
        engine = ScriptedEngine(list(said))
        *_, given = ask(engine, Retrieval(library, open_gate), "ada", question)
        assert isinstance(given, Answer)
        assert len(engine.requests) == len(said)
        pages = {d.id: {page.number: page.text for page in library.pages("ada", d.id)} for d in library.list("ada")}
        for citation in given.citations:
            assert pages[citation.document][citation.page][citation.start : citation.end] == citation.quote
        return given

    return ask_of
