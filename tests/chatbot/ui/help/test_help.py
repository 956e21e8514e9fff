"""The help in each language, and the tour that is offered once."""

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatbot.access.doors import is_open
from chatbot.ui.help import picture
from chatbot.ui.help.render import IDEAS, help_html
from chatbot.ui.services import Services
from chatbot.ui.strings.words import languages, text
from chatbot.ui.tour.render import STEPS, tour_html
from chatbot.ui.tour.tour import Tour
from finetune.verdict.intervals import FEWEST
from tests.chatbot.ui.wired import Wired, as_

SMALL = 80_000  # bytes: what a page waits for in a second of a slow line (a megabit)


@pytest.mark.parametrize("language", languages())
def test_every_idea_is_explained_and_its_picture_is_there(language: str) -> None:
    html = help_html(language)
    for idea in IDEAS:
        assert f'href="#by-help-{idea.name}"' in html and f'<section id="by-help-{idea.name}">' in html
        assert text(f"help_{idea.name}", language) in html
    addresses = re.findall(r'<img src="([^"]+)" alt="[^"]+"', html)
    assert len(addresses) == sum(idea.pictured for idea in IDEAS)
    for address in addresses:
        assert is_open("GET", f"/{address}")
        assert 1000 < (picture.FOLDER / address.removeprefix("pictures/")).stat().st_size < SMALL
    assert str(FEWEST) in html and "{rows}" not in html


def test_a_picture_of_a_language_that_has_none_is_the_english_one() -> None:
    assert picture.address("adapters", "xx") == "pictures/adapters.en.webp"


def test_only_pictures_are_given_out() -> None:
    client = TestClient(Starlette(routes=picture.routes()))
    given = client.get("/pictures/citations.en.webp")
    assert given.headers["content-type"] == "image/webp" and given.content[:4] == b"RIFF"
    for strange in ("render.py", "..%2Frender.py", "%2Fetc%2Fpasswd"):
        with pytest.raises(Exception, match=r"no such picture|404"):
            client.get(f"/pictures/{strange}").raise_for_status()


def test_the_tour_is_offered_until_somebody_has_seen_or_skipped_it(page: Wired, services: Services) -> None:
    tour = page.handlers(Tour)
    assert "by-tour-offer" in tour.spoken("ann", "en")[tour.shown]
    tour.over(as_("ann"))
    again = tour.spoken("ann", "zh")[tour.shown]
    assert "by-tour-offer" not in again and text("tour_help", "zh") in again, "the help still begins it"
    assert "by-tour-offer" in tour.spoken("eve", "en")[tour.shown], "it is remembered of each owner"
    services.store.set_setting("ann", "toured", False)


def test_the_tour_leaves_out_tabs_that_this_page_has_not() -> None:
    every = tour_html("en", {step.tab for step in STEPS}, offered=True)
    some = tour_html("en", {"chat", "help"}, offered=True)
    assert every.count("<li") == len(STEPS) and f"1 / {len(STEPS)}" in every
    assert some.count("<li") == 3 and 'data-tab="documents"' not in some
