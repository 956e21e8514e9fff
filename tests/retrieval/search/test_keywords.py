"""BM25 against the formula, through every way in which passages come and go."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from retrieval.search.keywords import K1, B, KeywordIndex, terms

WORDS = ["banyan", "adapted", "root", "leaf", "fig", "bark", "soil", "rain", "seed", "crown", "shade", "monsoon"]


def texts(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 30))) for _ in range(count)]


def reference(corpus: dict[int, str], question: str) -> dict[int, float]:
    """Robertson's BM25 with Lucene's idf, one passage at a time."""
    counts = {id: Counter(terms(text)) for id, text in corpus.items()}
    mean = sum(count.total() for count in counts.values()) / len(counts)
    scores = dict.fromkeys(corpus, 0.0)
    for term in set(terms(question)):
        containing = sum(term in count for count in counts.values())
        idf = math.log(1 + (len(counts) - containing + 0.5) / (containing + 0.5))
        for id, count in counts.items():
            tf = count[term]
            scores[id] += idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * count.total() / mean))
    return scores


def same(index: KeywordIndex, corpus: dict[int, str], question: str) -> None:
    expected = reference(corpus, question)
    ids, scores = index.search(question, len(corpus), also=np.array(sorted(corpus)))
    assert dict(zip(ids.tolist(), scores.tolist(), strict=True)) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_scores_are_bm25_however_passages_came_and_went(tmp_path: Path) -> None:
    corpus = dict(enumerate(texts(300)))
    index = KeywordIndex()
    for start in range(0, 300, 37):
        part = [id for id in corpus if start <= id < start + 37]
        index.add(part, [corpus[id] for id in part])
    same(index, corpus, "fig root monsoon")

    for gone in (range(10, 40), range(100, 290)):  # the first stays among the postings, the second drops them
        index.remove(list(gone))
        corpus = {id: text for id, text in corpus.items() if id not in gone}
        same(index, corpus, "fig root monsoon")
    assert len(index) == len(corpus)

    index.add([1000, 1001], ["a wholly new word: zygote", "banyan"])
    corpus |= {1000: "a wholly new word: zygote", 1001: "banyan"}
    same(index, corpus, "zygote banyan")
    index.save(tmp_path / "keywords")
    loaded = KeywordIndex.load(tmp_path / "keywords")
    same(loaded, corpus, "zygote banyan fig")
    loaded.add([2000], ["zygote zygote"])
    same(loaded, corpus | {2000: "zygote zygote"}, "zygote")
    assert loaded.ids.tolist() == [*sorted(corpus), 2000]


def test_no_passage_reaches_the_ceiling_and_one_that_says_nothing_else_comes_near() -> None:
    index = KeywordIndex()
    index.add(range(12), [*texts(10), "zygote " * 200, "fig"])
    index.remove([3])
    for question in ("zygote", "fig root monsoon", "fig zygote"):
        _, scores = index.search(question, 1)
        assert 0 < scores[0] < index.ceiling(question)
    assert index.search("zygote", 1)[1][0] > 0.95 * index.ceiling("zygote")
    assert index.ceiling("zygote unheard") > 1.5 * index.ceiling("zygote"), "what no passage holds counts"
    assert index.ceiling("?!") == 0


def test_passages_in_another_script_are_known_however_they_came_and_went(tmp_path: Path) -> None:
    index = KeywordIndex()
    index.add(range(6), ["长城位于中国北方。", "The wall", "京都のお寺", "стена", "1 + 2", "Mauer"])
    assert index.elsewhere("Where is the wall?").tolist() == [0, 2, 3]
    assert index.elsewhere("长城在哪里？").tolist() == [1, 3, 5]
    assert index.elsewhere("2 + 3 = ?").tolist() == []
    index.remove([0, 1, 4])
    index.add([7], ["ένα τείχος"])
    index.save(tmp_path / "words")
    assert KeywordIndex.load(tmp_path / "words").elsewhere("wall").tolist() == [2, 3, 7]


def test_the_selection_is_applied_before_the_ranking() -> None:
    index = KeywordIndex()
    index.add(range(100), ["fig " * 5] * 90 + ["fig leaf and much else that is not asked for"] * 10)
    ids, _ = index.search("fig", 5, allowed=np.arange(95, 100))
    assert set(ids) == {95, 96, 97, 98, 99}
    ids, _ = index.search("fig", 3, allowed=np.array([7], np.int64))
    assert ids.tolist() == [7]
    assert not len(index.search("fig", 3, allowed=np.empty(0, np.int64))[0])


def test_an_empty_index_and_a_question_without_words() -> None:
    index = KeywordIndex()
    assert not len(index.search("fig", 5)[0])
    index.add([3], [""])
    index.add([5], ["fig"])
    assert not len(index.search("?!", 5)[0])
    assert index.search("fig", 5)[0].tolist() == [5]
    index.remove([3, 5])
    assert len(index) == 0
    assert not len(index.search("fig", 5)[0])


def test_ids_must_ascend() -> None:
    index = KeywordIndex()
    index.add([5], ["fig"])
    with pytest.raises(ValueError, match="ascend"):
        index.add([4], ["leaf"])


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        ("长城位于中国北方。", "中国的长城"),
        ("東京タワーは赤い。", "東京タワー"),
        ("서울은 대한민국의 수도이다.", "대한민국의 수도"),
        ("กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย", "เมืองหลวง"),
        ("भारत की राजधानी नई दिल्ली है।", "राजधानी"),
        ("القاهرة عاصمة مصر", "عاصمة"),
        ("Η Αθήνα είναι η πρωτεύουσα", "πρωτευουσα"),  # typed without its accent
        ("Le café était fermé", "CAFE"),
        ("Die Donaudampfschifffahrtsgesellschaft", "Dampfschiff"),  # a compound
        ("ﬁne Ｆｕｌｌｗｉｄｔｈ text", "fine fullwidth"),
        ("The children's toys were counted", "count the toys"),
    ],
)
def test_found_in_its_own_script(passage: str, question: str) -> None:
    index = KeywordIndex()
    others = ["Ein anderer Satz", "另一个句子", "другое предложение", "อีกประโยคหนึ่ง", "दूसरा वाक्य"]
    index.add(range(6), [*others, passage])
    assert index.search(question, 1)[0].tolist() == [5]


def test_vietnamese_tones_tell_words_apart() -> None:
    index = KeywordIndex()
    index.add(range(3), ["má mà mả", "ma", "mạ mã"])
    assert index.search("mạ", 1)[0].tolist() == [2]
