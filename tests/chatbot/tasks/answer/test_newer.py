"""A mail above or below the one that it answers: what it says itself comes first, what it quotes behind it."""

import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from chatbot.tasks.answer.check import Found, Source
from chatbot.tasks.answer.newer import newer
from retrieval.reading.readers import read
from retrieval.types import Document, Hit, Passage
from tests.retrieval import hazards

GMAIL = (
    "Hi Tom,\n\nthe new price is 380 euros per pump.\n\nBest, Ann\n\nOn Monday Tom wrote:\n\n"
    "> The price is 400 euros per pump.\n> Regards"
)
BELOW = "> Hi Ann, the price is 400 euros per pump.\n\nFrom May on the price is 380 euros per pump."
OUTLOOK = "王磊，你好：\n\n新的价格是380元。\n\n发件人: 王磊\n发送时间: 2024年5月6日\n\n价格是400元。"
AGREES = "Yes, the price is 400 euros.\n\n> The price is 400 euros per pump."
TRAIN = "<p>From: Berlin Date: 3 May</p><p>The price is 400 euros per pump.</p><p>No, the new price is 380 euros per pump.</p>"
ELSE = "Delivery takes 3 weeks.\n\n> The price is 400 euros per pump."


GMAIL_PAGE = (
    "<div>No, the new price is <b>380 euros</b> per pump.</div><div class=gmail_quote>On Monday Ben wrote:<br>"
    "<blockquote><div>The price is 400 euros per pump.</div></blockquote></div>"
)
OUTLOOK_PAGE = (
    "<p>No, the new price is 380 euros per pump.</p><div><p><b>From:</b> Ben<br><b>Sent:</b> Monday<br><b>To:</b> Ann</p></div>"
    "<p>Dear Ann,</p><p>The price is 400 euros per pump.</p>"
)


def found(question: str, text: str, folder: Path) -> Found:
    message = EmailMessage()
    message["Subject"], message["From"] = "Pumps", "ann@example.org"
    message.set_content(text, subtype="html" if text.startswith("<") else "plain")
    (page,) = read(hazards.write(folder, "m", bytes(message)), "m.eml").pages
    document = Document("m", "ada", "m.eml", "mail", 9, "", "indexed")
    hit = Hit(Passage(1, 0, len(page.text), page.text, document="m"), 1.0)
    return Found(question, (Source(hit, document),), None)


@pytest.mark.parametrize(
    ("question", "text", "told"),
    [
        ("What is the price?", GMAIL, ["the new price is 380 euros per pump.", "The price is 400 euros per pump."]),
        *[
            ("What is the price?", page, ["the new price is 380 euros per pump.", "The price is 400 euros per pump."])
            for page in (GMAIL_PAGE, OUTLOOK_PAGE)
        ],
        ("How much is the price per pump?", BELOW, ["From May on the price", "the price is 400"]),
        ("价格是多少？", OUTLOOK, ["新的价格是380元。", "价格是400元。"]),
        ("What is the price?", AGREES, []),
        ("What is the price?", TRAIN, []),
        ("What is the price?", re.sub("<[^>]+>", "\n\n", TRAIN), []),
        ("What is the price?", ELSE, []),
    ],
)
def test_the_newest_mail_comes_first(question: str, text: str, told: list[str], tmp_path: Path) -> None:
    given = newer(found(question, text, tmp_path))
    said = [sentence.text for sentence in given.sentences] if given else []
    assert len(said) == len(told) and all(part in line for part, line in zip(told, said, strict=True)), said
    assert given is None or (given.note == "newer" and all(len(s.citations) == 1 for s in given.sentences))
