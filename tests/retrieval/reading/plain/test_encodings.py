"""Bytes without a label: what is certain is certain, what is guessed is right on real text and told."""

import gzip
import json
from pathlib import Path

import pytest

from retrieval.reading.plain.encodings import decode
from retrieval.reading.readers import read
from tests.retrieval.hazards import write

TEXTS = {
    "zh": "今天的会议上，公司公布了第三季度的财务报告，收入比去年同期增长了百分之十二。",
    "zh-tw": "今天的會議上，公司公布了第三季度的財務報告，收入比去年同期增長了百分之十二。",
    "ja": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。",
    "ko": "대한민국은 동아시아의 한반도 남부에 위치한 나라이다. 수도는 서울이다.",
    "de": "Die Größe der Straße überrascht selbst die Ältesten, die täglich hier vorübergehen.",
    "tr": "Güneşli bir günde çocuklar bahçede oynuyordu; ılık rüzgâr ağaçları sallıyordu.",
    "ru": "Сегодня на собрании компания опубликовала отчёт за третий квартал.",
    "en": "Plain English, with nothing beyond ASCII.",
}
CODINGS = {
    "zh": ["gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig", "utf-32"],
    "zh-tw": ["big5", "big5hkscs", "utf-16-le"],
    "ja": ["cp932", "euc_jp", "utf-16-be", "utf-16"],
    "ko": ["cp949", "utf-16-le"],
    "de": ["cp1252", "utf-16-le", "latin-1"],
    "tr": ["cp1254"],
    "ru": ["cp1251", "koi8_r", "utf-16-be"],
    "en": ["ascii", "utf-16-le", "utf-16-be", "utf-16"],
}


@pytest.mark.parametrize(("language", "coding"), [(k, c) for k, codings in CODINGS.items() for c in codings])
def test_text_comes_back(language: str, coding: str) -> None:
    found = decode(TEXTS[language].encode(coding))
    assert found.text == TEXTS[language]
    assert found.undecodable == 0
    assert found.certain == (coding in {"utf-8", "utf-8-sig", "utf-16", "utf-32", "ascii"})


@pytest.mark.parametrize("coding", ["utf-8", "gb18030", "cp932"])
def test_a_broken_byte_costs_a_line_not_the_text(coding: str) -> None:
    line = TEXTS["ja" if coding == "cp932" else "zh"] + "\n"
    data = bytearray((line * 20).encode(coding))
    data[len(data) // 2 + 4] = 0xFF
    found = decode(bytes(data))
    assert found.encoding == coding
    assert found.text.split("\n").count(line.strip()) >= 18


def test_html_may_say_its_encoding_itself(tmp_path: Path) -> None:
    source = f'<html><head><meta charset="gb2312"></head><body><p>{TEXTS["zh"]}</p>'.encode("gb18030")
    found = read(write(tmp_path, "x", source), "a.html")
    assert found.pages[0].text == TEXTS["zh"] and found.warnings == ()


def test_a_guess_is_told(tmp_path: Path) -> None:
    found = read(write(tmp_path, "x", TEXTS["ja"].encode("cp932")), "a.txt")
    assert [(flag.code, flag.details) for flag in found.warnings] == [("encoding_guessed", {"encoding": "cp932"})]


@pytest.mark.parametrize(("coding", "least"), [("gb18030", 0.97), ("utf-16-le", 0.99)])
def test_twenty_characters_of_real_text_are_enough(coding: str, least: float, shared_data: Path) -> None:
    right = total = 0
    with gzip.open(shared_data / "dev" / "xquad12.paragraphs.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            text = row["context"].lstrip("\ufeff")[:20]
            if row["lang"] == "zh" and not text.isascii():
                total += 1
                right += decode(text.encode(coding)).text == text
    assert total > 200 and right / total >= least
