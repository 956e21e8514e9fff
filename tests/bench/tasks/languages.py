"""How often the language of a sentence is told, by length and language.

    python -m tests.bench.tasks.languages ../shared/data

Sentences and questions of XQuAD (12 languages), Tatoeba's sentences (en, fr, de, es), DRCD's questions in traditional Chinese,
and the sentences of Gradio's own interface, which comes in 29 languages, some of which langdetect was never shown.
"""

import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random

from chatbot.tasks.language import detect, same
from retrieval.text.sentences import sentences

LENGTHS = (20, 40, 80, 160)  # characters; the last class is open
ROWS = 1200  # of each language
GRADIO = {"nb": "no", "pt-BR": "pt", "zh-CN": "zh-hans", "zh-TW": "zh-hant"}
UNTAUGHT = ("eu", "uz")  # in Gradio, not among the languages of langdetect

Row = tuple[str, str]
"""(language, text)"""


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0])
    corpora = {
        "XQuAD, Tatoeba, DRCD": [*_xquad(folder), *_tatoeba(folder), *_drcd(folder)],
        "Gradio's interface": list(_gradio()),
    }
    for name, rows in corpora.items():
        _report(name, _drawn(rows))
    return 0


def _drawn(rows: list[Row]) -> list[Row]:
    Random(0).shuffle(rows)
    taken: Counter[str] = Counter()
    drawn = []
    for language, text in rows:
        taken[language] += 1
        if taken[language] <= ROWS:
            drawn.append((language, text))
    return drawn


def _report(name: str, rows: Sequence[Row]) -> None:
    known = [(language, text) for language, text in rows if language not in UNTAUGHT]
    found = [(language, len(text), detect(text)) for language, text in known]
    right = [(one.language is not None and _agrees(language, one.language), one.sure) for language, _, one in found]
    print(f"\n{name}: {len(known)} texts, {len({language for language, _ in known})} languages")
    print("| characters | texts | right | sure | right where sure |\n|---|---|---|---|---|")
    for at, low in enumerate((0, *LENGTHS)):
        high = LENGTHS[at] if at < len(LENGTHS) else 10**9
        here = [told for (_, length, _), told in zip(found, right, strict=True) if low <= length < high]
        if here:
            sure = [ok for ok, is_sure in here if is_sure]
            print(f"| {low}-{high if high < 10**9 else ''} | {len(here)} | {_share([ok for ok, _ in here])} | "
                  f"{_share([is_sure for _, is_sure in here])} | {_share(sure)} |")  # fmt: skip
    by_language: dict[str, list[bool]] = defaultdict(list)
    for (language, length, _), (ok, _) in zip(found, right, strict=True):
        if length >= LENGTHS[1]:
            by_language[language].append(ok)
    print("40 characters and more: " + ", ".join(f"{k} {_share(v)}" for k, v in sorted(by_language.items())))
    confused = Counter(
        (language, one.language) for (language, _, one), (ok, _) in zip(found, right, strict=True) if not ok
    )
    print("taken for another: " + ", ".join(f"{a} for {b} {n}" for (a, b), n in confused.most_common(8)))
    for language in UNTAUGHT:
        texts = [text for code, text in rows if code == language and len(text) >= LENGTHS[1]]
        if texts:
            print(f"{language}, never shown: sure of something else in {_share([detect(text).sure for text in texts])}")


def _agrees(language: str, told: str) -> bool:
    return same(language, told) or (language == "zh" and told.startswith("zh"))


def _share(values: Sequence[bool]) -> str:
    return f"{100 * sum(values) / len(values):.1f} %" if values else "–"


def _xquad(folder: Path) -> Iterator[Row]:
    for record in _records(folder / "dev" / "xquad12.paragraphs.jsonl.gz"):
        for start, end in sentences(record["context"]):
            yield record["lang"], record["context"][start:end]
    for record in _records(folder / "dev" / "xquad12.questions.jsonl.gz"):
        yield record["lang"], record["question"]


def _tatoeba(folder: Path) -> Iterator[Row]:
    for language in ("fr", "de", "es"):
        for record in _records(folder / "dev" / f"mt_tatoeba_en_{language}.test.jsonl.gz"):
            yield "en", record["en"]
            yield language, record[language][0]


def _drcd(folder: Path) -> Iterator[Row]:
    for record in _records(folder / "train" / "zh_qa_drcd_cmrctrial.train.jsonl.gz"):
        if record["script"] == "hant":
            yield "zh-hant", record["question"]


def _gradio() -> Iterator[Row]:
    spec = find_spec("gradio")
    assert spec and spec.origin
    for path in sorted((Path(spec.origin).parent / "templates" / "frontend" / "assets").glob("*.js")):
        code = re.match(r"([a-z]{2}(?:-[A-Z]{2})?)-", path.name)
        if code and code[1] != "en" and path.stat().st_size < 60_000:
            for text in re.findall(r":`([^`{}<>]{20,})`", path.read_text("utf-8")):
                if " " in text or not text.isascii():
                    yield GRADIO.get(code[1], code[1]), text


def _records(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
