"""The whole app in this process, with Ann's things in it, and visitors who ask for them over HTTP."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
from starlette.routing import Mount

import app as product
from chatbot.access.users import SCHEMA, Users, hash_password
from chatbot.common.database.door import opened
from chatbot.settings import load
from chatbot.tasks.classify import taught
from chatbot.tasks.classify.labels import SENTIMENT
from chatbot.tasks.classify.tables.kept import TASK, Outcome
from chatbot.tasks.translate.own import glossary, memory
from chatbot.types import Message
from chatbot.ui.launch import launch
from chatbot.ui.page import build_page
from chatbot.ui.services import OPENING, Services
from finetune.jobs.jobs import new_folder
from finetune.jobs.records import Base, Meta
from finetune.spec.spec import TrainingSpec
from tests.lora import write_adapter

ANN, EVE = "user:ann", "user:eve"
SECRET = "zebrafish"  # stands in everything of Ann's
PASSWORD = "correct horse"


@dataclass(frozen=True, slots=True)
class House:
    page: gr.Blocks
    services: Services
    address: str
    data: Path
    ids: dict[str, str]  # kind -> Ann's

    @contextmanager
    def visitor(self, name: str = "") -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.address, timeout=60) as client:
            if name:
                assert client.post("/login", data={"username": name, "password": PASSWORD}).status_code == 200
            yield client

    def routes(self) -> set[tuple[str, str]]:
        """(method, path) of whatever the server knows."""
        return set(_routes(self.page.app.routes))


@contextmanager
def house(folder: Path, models: Path) -> Iterator[House]:
    (folder / "models").symlink_to(models)
    users = folder / "users.json"
    users.write_text(json.dumps({name: hash_password(PASSWORD) for name in ("ann", "eve")}))
    before = os.environ.get("GRADIO_TEMP_DIR")
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "uploads")
    settings = load(["--engine", "scripted", "--data", str(folder), "--auth", str(users), "--port", "0"], {})
    accounts = opened(settings.place("access.db"), SCHEMA)
    people = Users.load(users, accounts)
    services = product.build_services(settings, people)
    services.uploads.empty()
    page = build_page(services)
    address = launch(page, settings, services, people).rstrip("/")
    services.engine.start()
    services.library.start()
    assert services.engine.wait(60)
    try:
        yield House(page, services, address, folder, _things(services, folder))
    finally:
        page.close()
        services.close()
        accounts.close()
        os.environ.pop("GRADIO_TEMP_DIR")
        if before is not None:
            os.environ["GRADIO_TEMP_DIR"] = before


def _things(services: Services, folder: Path) -> dict[str, str]:
    store, text = services.store, f"The {SECRET} was planted in 1998 by Maria Lindqvist near Uppsala."
    conversation = store.create(ANN, title=SECRET, system_prompt=SECRET)
    store.append(ANN, conversation, Message("user", text), at=0)
    store.append(ANN, conversation, Message("assistant", f"A {SECRET}."), at=1)
    path = folder / f"{SECRET}.md"
    path.write_text(text)
    library = services.library.get(OPENING).library  # type: ignore[union-attr]
    collection = library.collections.create(ANN, SECRET).id
    document = library.add(ANN, path, path.name, collection=collection)
    translation = services.translations.add(services.engine, ANN, path, path.name, target="de", source="en")  # type: ignore[union-attr]
    outcome = Outcome(SECRET, 1, 1, ((SECRET, 1),), (), "scripted", None, 0, 0.0, "")
    services.tables.keep(ANN, outcome, f"text\n{SECRET}\n".encode())  # type: ignore[union-attr]
    taught.keep(store, ANN, SECRET, SENTIMENT, [[f"Planted: {SECRET}", "neutral"]])
    store.set_setting(ANN, glossary.SETTING, f"{SECRET} = {SECRET}")
    memory.learn(store, ANN, "en", "de", {text: SECRET})
    write_adapter(folder / "adapters" / f"{SECRET}-adapter")
    (folder / "adapters" / f"{SECRET}-adapter" / "owner.json").write_text(json.dumps({"owner": ANN, "shared": False}))
    meta = Meta(ANN, SECRET, 0.0, Base(str(folder), "tiny", "f00d"), str(folder / "adapters"), source=f"{SECRET}.jsonl")
    row = {"messages": [{"role": "user", "content": SECRET}, {"role": "assistant", "content": SECRET}]}
    job = new_folder(folder / "jobs", meta, TrainingSpec(), [row] * 8)
    services.engine.refresh()
    return {
        "conversation": conversation,
        "document": document.id,
        "collection": collection,
        "translation": translation.id,
        "result": store.results(ANN, TASK)[0].id,
        "adapter": f"{SECRET}-adapter",
        "job": job.path.name,
        "prompt": store.keep_prompt(ANN, SECRET, SECRET),
    }


def _routes(routes: Any, before: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if included := getattr(route, "original_router", None):
            yield from _routes(included.routes, before)
        elif isinstance(route, Mount):
            yield from _routes(route.routes, before + route.path) if route.routes else [("*", before + route.path)]
        else:
            for method in getattr(route, "methods", None) or ["*"]:
                yield method, before + route.path
