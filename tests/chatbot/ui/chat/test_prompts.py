"""The list of prompts and its box, as the page has wired them."""

from chatbot.ui.chat.prompts.handlers import Handlers
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text
from tests.chatbot.ui.wired import Wired, as_, clicked


def test_one_is_written_found_changed_deleted_and_brought_back(page: Wired, services: Services) -> None:
    do = page.handlers(Handlers)
    box, ann = do._prompts, as_("ann")
    empty = page.one(do.act, "en", ann, clicked(act="new"))
    assert empty[box.box]["visible"] and not empty[box.remove]["visible"]
    kept = page.one(do.keep, "", "  my \n <b>voice</b> ", "Write as I <do>.", "en", ann)
    assert "my &lt;b&gt;voice" in kept[box.shown] and 'data-words="Write as I &lt;do&gt;."' in kept[box.shown]
    assert not kept[box.box]["visible"]
    (prompt,) = services.store.prompts("ann")
    open_ = page.one(do.act, "en", ann, clicked(act="edit", id=prompt.id))
    assert (open_[box.id], open_[box.name], open_[box.words]) == (prompt.id, prompt.name, prompt.words)
    page.one(do.keep, open_[box.id], "voice", "Else.", "en", ann)
    assert [(p.id, p.name, p.words) for p in services.store.prompts("ann")] == [(prompt.id, "voice", "Else.")]
    gone = page.one(do.remove, prompt.id, "zh", ann)
    assert "voice" not in gone[box.shown] and gone[box.id] == "" and gone[box.box]["visible"]
    assert text("prompt_removed", "zh", name="voice") in gone[do._notice]
    assert services.store.prompts("ann") == []


def test_what_cannot_be_kept_says_why_and_closes_nothing(page: Wired) -> None:
    do = page.handlers(Handlers)
    for name, words, told in (("", "x", "名称"), ("n", "  ", "消息")):
        refused = page.one(do.keep, "", name, words, "zh", as_("ann"))
        assert told in refused[do._notice] and do._prompts.box not in refused
