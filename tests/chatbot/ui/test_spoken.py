"""The page is painted in the language that is asked for, before any event has run."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import gradio as gr
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from chatbot.access.owner import OwnerCookie, owner_in
from chatbot.engine.models.fetches import Fetches
from chatbot.tasks.answer.work import Retrieval
from chatbot.tasks.translate.jobs import Translations
from chatbot.training.base import TrainingBase
from chatbot.training.training import Training
from chatbot.ui.chat.layout import EXAMPLES
from chatbot.ui.documents.intake import Intake
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.kept import KeptPage
from chatbot.ui.page import build_page
from chatbot.ui.services import Services
from chatbot.ui.spoken import ASKED, AskedLanguage
from chatbot.ui.strings.words import ENGLISH, FOLDER, languages, read, text
from finetune.jobs.estimate import Estimator
from finetune.jobs.jobs import Jobs
from retrieval.library import Library
from tests.chatbot.ui.documents.shelves import OPEN
from tests.loops import running_alone

FIRST = (
    "new_chat",
    "welcome",
    "composer",
    "documents",
    "talk",
    "tagline",
    "card_translate",
    "choose_language",
    *EXAMPLES,
)


@pytest.fixture(scope="module")
def painted(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[gr.Blocks]:
    """The page of an app that has just started: no model, no library, nothing was ever trained."""
    folder = tmp_path_factory.mktemp("painted")
    jobs = Jobs(folder / "jobs", adapters=folder / "adapters", threads=1)
    base = TrainingBase(lambda: "none", folder / "models")
    training = Training(base, jobs, Estimator(folder / "probes.json", threads=1), folder / "adapters")
    library = OpeningLibrary(lambda progress: Retrieval(Library(folder, None), OPEN))
    more: dict[str, Any] = {"training": training, "library": library, "intake": Intake(library)}
    more |= {"translations": Translations(folder / "translations"), "models": Fetches(folder / "models")}
    yield build_page(replace(services, **more))
    more["intake"].close()
    training.close()


@pytest.fixture
def asked() -> Iterator[None]:
    before = ASKED.set("en")
    yield
    ASKED.reset(before)


@pytest.mark.parametrize("language", languages())
@pytest.mark.usefixtures("asked")
def test_what_is_seen_first_is_in_the_language(painted: gr.Blocks, language: str) -> None:
    ASKED.set(language)
    said = json.dumps(painted.config["components"], ensure_ascii=False, default=str)
    for key in FIRST:
        assert text(key, language).replace('"', '\\"') in said, key
        for other in {*languages()} - {language}:
            if text(key, other) not in text(key, language):  # "Chat" is a word in both
                assert f'"{text(key, other)}"' not in said, (key, other)


@pytest.mark.usefixtures("asked")
def test_a_language_changes_words_and_nothing_else(painted: gr.Blocks) -> None:
    english = painted.config
    ASKED.set("zh")
    chinese = painted.config
    assert {k: v for k, v in english.items() if k != "components"} == {
        k: v for k, v in chinese.items() if k != "components"
    }
    pairs = list(zip(english["components"], chinese["components"], strict=True))
    assert all(one.keys() == other.keys() and one["props"].keys() == other["props"].keys() for one, other in pairs)
    changed = {name for one, other in pairs for name, value in one["props"].items() if other["props"][name] != value}
    assert changed == {"value", "label", "placeholder", "info", "examples", "choices"}


SEEN = ("value", "label", "placeholder", "info", "examples", "choices")  # properties that a person reads


@pytest.mark.parametrize("language", [one for one in languages() if one != ENGLISH])
@pytest.mark.usefixtures("asked")
def test_nothing_that_has_words_in_the_language_is_painted_in_english(painted: gr.Blocks, language: str) -> None:
    ASKED.set(language)
    strings = read(FOLDER)
    own = {*strings[language].values(), *(words["language.name"] for words in strings.values())}
    english = {words for key, words in strings[ENGLISH].items() if strings[language].get(key) != words} - own
    english -= {strings[ENGLISH]["language.tag"]}  # the state of the page, which follows with the first event
    tables = "dataframe"  # hidden until they are filled, and their heads with them
    for component in (one for one in painted.config["components"] if one["type"] != tables):
        props = component["props"]
        said = [words for name in SEEN if name in props for words in texts(name, props[name])]
        assert not english & set(said), props.get("elem_id")


def texts(name: str, value: Any) -> Iterator[str]:
    """What is read of a property: of choices their names, of HTML the text and the names of what it holds."""
    if name == "choices":
        yield from (str(choice[0]) for choice in value)
    elif isinstance(value, list):
        yield from (words for one in value for words in texts("", one))
    elif isinstance(value, dict):
        yield from (words for one in value.values() for words in texts("", one))
    elif isinstance(value, str):
        yield from (unescape(part).strip() for part in re.split(r"<[^>]*>", value))
        yield from map(unescape, re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', value))


def test_each_language_is_kept_by_itself_and_the_choice_comes_before_the_browser() -> None:
    made: list[str] = []
    chosen: dict[str, str] = {}

    async def page(request: Request) -> PlainTextResponse:
        made.append(ASKED.get())
        return PlainTextResponse(f"{ASKED.get()} page", media_type="text/html")

    def spoken_by(owner: str, accepted: str | None) -> str:
        return chosen.get(owner) or (accepted or "en")[:2]

    async def owner(request: Request) -> PlainTextResponse:
        return PlainTextResponse(owner_in(request.scope))

    around = [
        Middleware(OwnerCookie, secret=b"x" * 32),
        Middleware(AskedLanguage, language_of=spoken_by),
        Middleware(KeptPage),
    ]
    app = Starlette(routes=[Route("/", page), Route("/owner", owner)], middleware=around)

    async def run() -> None:
        given = {"accept-encoding": "br"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://tree.example", headers=given
        ) as client:
            for accepted in ("zh", "es", "zh", "en", "es"):
                assert (await client.get("/", headers={"accept-language": accepted})).text == f"{accepted} page"
            chosen[(await client.get("/owner")).text] = "es"
            assert (await client.get("/", headers={"accept-language": "zh"})).text == "es page"

    running_alone(run())
    assert sorted(made) == ["en", "es", "zh"]
