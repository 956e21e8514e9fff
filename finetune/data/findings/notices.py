"""What a person should know of a data set before the start, and why no training may start."""

from collections.abc import Iterator

from finetune.data.examples import Columns, Format
from finetune.data.findings.report import Notice
from finetune.data.findings.tally import LABELS, Tally
from finetune.data.layouts.layouts import unused
from finetune.data.layouts.names import canonical
from finetune.data.layouts.preferences import LABELS as LIKED_BY
from finetune.data.rows.source import encoding_name
from finetune.data.split import Sides

MANY = 10  # rows below which equal answers are no sign of a class that is missing


def refusal(tally: Tally, format: Format) -> Notice | None:
    if tally.usable:
        return notice("one_sided") if tally.kind == "kto" and not tally.two_sided else None
    if not tally.faults:
        return notice("no_rows")
    [(code, _)] = tally.fault_counts.most_common(1)
    if set(tally.fault_counts) == {"masked"}:
        return notice("all_masked")
    if code == "no_label" or (code == "no_preference" and format.layout != "preference"):
        return notice("no_labels" if code == "no_label" else "no_preferences")
    first = next((fault for fault in tally.faults if fault.code == code), tally.faults[0])
    if code == "unmapped" and "columns mean" in first.reason:
        return notice("unmapped", names=", ".join(format.columns)[:300])
    return notice("none_usable", row=first.row, reason=first.reason)


def notices(
    tally: Tally, format: Format, columns: Columns | None, sides: Sides, held: int, leaks: int, share: float
) -> Iterator[Notice]:
    if tally.usable and format.layout == "preference":
        yield notice("preferences" if tally.pairs else "better_only")
    if tally.kind == "kto":
        yield notice("good_and_bad", good=tally.good, bad=tally.bad)
    if tally.usable and format.layout == "text" and not any(tally.answers.values()):
        yield notice("texts")
    yield from _of_columns(tally, format, columns)
    for code, count in tally.remarks.items():
        yield notice(code, count=count)
    yield from _of_rows(tally)
    if sides.declared:
        yield notice("own_split", count=held)
    elif tally.usable and share and not held:
        yield notice("no_held_out")
    if leaks:
        yield notice("leaks", count=leaks)


def _of_columns(tally: Tally, format: Format, columns: Columns | None) -> Iterator[Notice]:
    if format.encoding and not format.encoding.startswith("utf"):
        yield notice("encoding", encoding=encoding_name(format.encoding))
    if columns and not columns.given:
        yield notice("mapping", prompt=columns.prompt, completion=columns.completion)
    others = unused(format, columns)
    if left := [name for name in others if tally.kind != "kto" or canonical(name) not in LIKED_BY]:
        yield notice("unused", columns=", ".join(left)[:300])
    answers = sorted(tally.answers.values())
    if columns and not columns.labels and 0 < len(answers) <= LABELS and all(map(str.isdecimal, answers)):
        yield notice("number_labels", labels=", ".join(answers))
    one = answers[0] if len(answers) == 1 and len(tally.near) >= MANY else ""
    if one and format.layout in ("columns", "alpaca", "prompt-completion"):
        yield notice("one_class", answer=one)


def _of_rows(tally: Tally) -> Iterator[Notice]:
    if tally.usable and len(tally.near) == 1:
        yield notice("one_example")
    elif repeated := tally.duplicates + tally.near_duplicates:
        yield notice("duplicates", count=repeated)
    if tally.truncated:
        yield notice("truncated", count=tally.truncated, tokens=tally.cut, share=f"{tally.cut / tally.tokens:.1%}")
    if tally.skipped:
        yield notice("skipped", count=tally.skipped)
    if tally.spelled:
        yield notice("spelled", count=tally.spelled)


def notice(code: str, **details: object) -> Notice:
    return Notice(code, NOTICES[code].format(**details), details)


NOTICES = {
    "no_rows": "The file has no rows, so there is nothing to learn.",
    "all_masked": "Every row is masked: the prompts fill the whole length. Please raise max_length.",
    "unmapped": "Please say which columns hold the prompt and the answer. The file has {names}.",
    "none_usable": "No row is usable. Row {row}: {reason} Please correct the file.",
    "no_preferences": "Preference tuning (method dpo) needs rows with a better and a worse answer: prompt, chosen and rejected. These "
    "rows have one answer each; the method sft learns from them.",
    "no_labels": "The method kto needs rows that say whether their answer is a good one: prompt, completion, and label true or false.",
    "one_sided": "The method kto learns from good answers and bad ones, and all of these are of one kind.",
    "good_and_bad": "Each row calls its answer good or bad ({good} good, {bad} bad): the model learns to give answers like the good "
    "ones and unlike the bad ones (KTO).",
    "preferences": "Each row has a better and a worse answer: the model learns to prefer the better one (preference tuning: DPO, or "
    "ORPO if asked for).",
    "better_only": "Of each row the better answer is learnt; the worse one is left out (method sft).",
    "texts": "These are plain texts: the model learns to go on with texts like them (continued pre-training), not to answer.",
    "encoding": "The file was read as {encoding}, which it does not say itself. Please look at the examples below.",
    "mapping": "What the columns mean was taken from their names: prompt {prompt}, answer {completion}.",
    "unused": "Not used: {columns}.",
    "number_labels": "The answers are numbers ({labels}). Names for them, such as negative and positive, teach better.",
    "one_class": "Every answer is the same: {answer}. A model learns to say it to everything.",
    "formula": "Rows with a cell that a spreadsheet would run as a formula: {count}. They are kept as plain text.",
    "trailing_user": "Conversations that go on after the last answer: {count}. That part teaches nothing and is left out.",
    "untaught": "Rows with an answer that is read but not learnt, as they say themselves: {count}.",
    "merged": "Rows in which one speaker has several turns after each other: {count}. They are read as one turn.",
    "unwrapped": "Rows that were in a chat template already: {count}. They are read as conversations, and put into the "
    "template of this model.",
    "markers": "Rows whose text has marks of another chat template: {count}. The marks are learnt as text.",
    "one_example": "All usable rows say the same. A model learns one sentence from them, and no more.",
    "duplicates": "Rows that repeat an earlier one, and weigh more for it: {count}.",
    "truncated": "Rows that are cut at max_length: {count}, by {tokens} tokens, {share} of all.",
    "skipped": "Earlier answers that are not trained, because the model's template shows them otherwise: {count}.",
    "spelled": "Rows that spell out control tokens of the model: {count}. They are learnt as text. Rows that were put into a "
    "chat template before should be given as messages instead.",
    "own_split": "The file says itself which rows validate: {count} rows judge, and are not learnt from.",
    "no_held_out": "There are too few different rows to hold some out, so there will be no verdict.",
    "leaks": "Held-out rows that repeat text of training rows: {count}. The verdict will flatter.",
}
