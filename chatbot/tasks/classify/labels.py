"""Label sets: the default one, and those that people type."""

import re
import unicodedata
from dataclasses import dataclass

from chatbot.common.errors import InputError

MOST = 20  # labels in a set
LONGEST_NAME, LONGEST_DESCRIPTION = 60, 200  # characters


@dataclass(frozen=True, slots=True)
class Label:
    """One answer that the classifier may give; `description` tells the model what it stands for."""

    name: str
    description: str = ""


Labels = tuple[Label, ...]

SENTIMENT: Labels = (Label("negative"), Label("neutral"), Label("positive"))
NONE = "(none)"  # the name of "none of these"


@dataclass(frozen=True, slots=True)
class Allowed:
    """How many labels a text may get besides exactly one."""

    several: bool = False
    none: bool = False


ONE = Allowed()


def parse(text: str) -> Labels:
    """Labels as people type them: "spam, not spam", or one to a line, each with ": description" where it has one.

    Nothing typed is `SENTIMENT`. Raises `InputError` for duplicates, a set of one, too many labels or too long ones.
    """
    text = unicodedata.normalize("NFC", text)
    parts = text.splitlines() if "\n" in text.strip() or re.search("[:：]", text) else re.split("[,，、;；]", text)
    labels = tuple(_label(part) for part in parts if part.strip())
    if not labels:
        return SENTIMENT
    check(labels)
    return labels


def check(labels: Labels) -> None:
    """Raises `InputError` when nothing can be told apart by these labels."""
    names = [label.name.casefold() for label in labels]
    if NONE in names:
        raise InputError(
            f"{NONE} stands for “none of these”. Give the label another name.", kind="label_none", none=NONE
        )
    twice = next((label.name for label in labels if names.count(label.name.casefold()) > 1), None)
    if twice is not None:
        raise InputError(f"The label “{twice}” is there twice. Give every label a name of its own.", kind="twice")
    if len(labels) < 2:
        raise InputError("One label leaves nothing to choose. Give at least two, such as “spam, not spam”.", kind="one")
    if len(labels) > MOST:
        raise InputError(f"{len(labels)} labels are too many. Give at most {MOST}.", kind="many")
    for label in labels:
        if not label.name:
            raise InputError("A label has a description but no name. Write “name: description”.", kind="nameless")
        if len(label.name) > LONGEST_NAME or len(label.description) > LONGEST_DESCRIPTION:
            raise InputError(
                f"The label “{label.name[:30]}…” is too long. Give names of at most {LONGEST_NAME} and descriptions of "
                f"at most {LONGEST_DESCRIPTION} characters.",
                kind="long",
            )


def _label(part: str) -> Label:
    name, _, description = part.strip().lstrip("-*• ").replace("：", ":", 1).partition(":")
    return Label(" ".join(name.split()), " ".join(description.split()))
