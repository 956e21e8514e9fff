"""Files on their way into a library, as the tests of the documents tab send them."""

import time
from pathlib import Path

from chatbot.tasks.answer.work import Retrieval
from chatbot.ui.documents.handlers import Handlers
from chatbot.ui.documents.intake import Intake, Job
from chatbot.ui.documents.opening import OpeningLibrary
from retrieval.checks.gate import Gate, Model
from retrieval.library import Library
from tests.chatbot.ui.wired import Wired, as_

TEXT = "The orchard was planted in 1998. It covers 14 hectares."
OPEN = Gate({"spaced": Model((), (), (), (), bias=0.0, threshold=0.0)})  # lets every question through


def opening(library: Library) -> OpeningLibrary:
    opened = OpeningLibrary(lambda progress: Retrieval(library, OPEN))
    opened.start()
    opened.get(10)
    return opened


def upload(folder: Path, name: str, text: str = TEXT) -> tuple[Path, str]:
    path = folder / name
    path.write_text(text, "utf-8")
    return path, name


def settle(intake: Intake, owner: str = "ada") -> list[Job]:
    end = time.monotonic() + 60
    while intake.busy(owner):
        assert time.monotonic() < end
        time.sleep(0.05)
    return intake.jobs(owner)


def dropped(page: Wired, do: Handlers, owner: str, path: Path) -> str:
    """The id of a file that the owner dropped, as soon as it is indexed."""
    page.one(do.add, [str(path)], "en", as_(owner))
    (job,) = settle(do._intake, owner)
    assert job.document
    return job.document.id
