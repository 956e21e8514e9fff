"""Why a file cannot be read, in words for people and as data for programs."""

import unicodedata

from chatbot.common.errors import InputError

REASONS = {
    "empty": "{name} is empty. Choose a file that holds something.",
    "no_text": "{name} holds no text that can be read. If its pages are pictures, run text recognition (OCR) on it first.",
    "illegible": "The text of {name} cannot be read: its fonts do not say which letters they are. Run text recognition (OCR) on it "
    "first.",
    "encrypted": "{name} is protected by a password. Save a copy without the password and add that.",
    "damaged": "{name} is damaged or incomplete and cannot be opened. Open it in its own program and save it again.",
    "wrong_type": "{name} is not what its name says: it looks like {found}, not {claimed}. Give it its proper ending.",
    "unsupported": "{name} is {found}, which Banyan cannot read. Save it as one of: {readable}.",
    "old_format": "{name} is in the format {format}, which Banyan cannot read. Open it in its own program or in LibreOffice, "
    "save it as {target} and add that.",
    "too_large": "{name} is too large: {amount} where {limit} are allowed. Split it, or ask whoever runs Banyan to allow more.",
    "bomb": "{name} was refused: unpacked it would be out of all proportion ({what}). If it is genuine, save it again.",
    "unsafe": "{name} was refused because it holds {what}, which honest files of its kind do not need. Save it again.",
    "timeout": "Reading {name} took longer than {seconds} seconds and was given up. Split it into smaller files.",
    "memory": "Reading {name} needed more memory than the {megabytes} MB it may use. Split it into smaller files.",
    "crashed": "The reader broke off while it read {name}. The file may be damaged: save it again, or try once more.",
    "stopped": "Reading {name} was stopped.",
    "no_such_page": "{name} has no page {page}. Open it again.",
    "damaged_here": "What is kept of {name} is damaged on the disk, so nothing is answered from it. Add the file again.",
    "missing": "{name} is no longer there. Add it again.",
}


class RejectedFile(InputError):
    """A file that cannot be indexed. `code` and `kind` are a key of `REASONS`; details are the figures of its message."""

    code = "rejected_file"

    def __init__(self, code: str, **details: object) -> None:
        details.setdefault("name", "The file")
        super().__init__(REASONS[code].format_map(details), kind=code, **details)
        self.code = code


def shown(name: str) -> str:
    """A file's name fit to show: one line, nothing invisible, at most 120 characters. It is never used as a path."""
    visible = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    visible = visible.strip() or "The file"
    return visible if len(visible) <= 120 else f"{visible[:80]}…{visible[-30:]}"
