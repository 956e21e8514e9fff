"""Decides, before anything is written, whether the passages found answer the question at all.

Logistic regressions over `retrieval.checks.answerable` and, where the question is in another language than the passages,
`retrieval.checks.aligned`; fitted by `python -m retrieval.lab.gate_fit` on questions whose own paragraph was left in the
collection or taken out of it. Those that use cosines are for the embedder they were fitted to; under another, or none, the
lexical figures decide alone, and a question in another language is refused.

Who asks in other words than the documents ("I broke my leg, must I pay?") shares as few of them as between languages. So what is refused
in one language is looked at again as between languages, with a threshold of its own (`python -m retrieval.lab.second_look`): passages
that pass it are near, and are shown as what may answer. A question of practice ("Can he fire me?") on a statute shares too little even so:
there it is enough that a passage and its tokens are near enough (`python -m tests.bench.documents.everyday.practical`).

An embedder is known by what it does: its cosines for a few pairs of texts lie beside the parameters. So the same model counts
as the same in 4, 16 or 32 bits and from whatever source, and nothing else under its name does.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import exp
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.checks.aligned import ALIGNED, aligned
from retrieval.checks.answerable import features
from retrieval.checks.asked.practical import practical
from retrieval.search.embed import Embedder, Vectors
from retrieval.text.words import foreign, is_dense, script
from retrieval.types import Hit, Passage

PARAMETERS = Path(__file__).with_name("gate.json")
PROBES = (
    ("When was the bridge opened?", "The bridge over the river was opened in 1827 by the king."),
    ("How many people live in the town?", "The harbour is old, and the houses are made of wood."),
    ("黑豹队丢了多少分？", "黑豹队的防守只丢了308分，在联赛中排名第六。"),
    ("谁发明了电话？", "长江是亚洲最长的河流，流经十一个省市。"),
    ("公司的收入怎么样？", "Revenue rose by ten percent in the third quarter."),
)
KIN = 0.03
"""Mean difference of cosines up to which two embedders are one. Rounding the weights to four bits moves all-MiniLM-L6-v2's by
0.025 and multilingual-e5-small's by 0.003; theirs are 0.37 apart."""

ACROSS = "across"  # the regression between languages
ENOUGH = 5  # passages that it was fitted with
ENGLISH = (
    "Glass is made by melting sand with soda and lime. Roman workshops blew it into bottles and bowls, and the craft spread "
    "along the trade roads. Coloured panes came later, when metal oxides were added to the melt.",
    "Chess is played by two people on a board of sixty-four squares. Each side has sixteen pieces, and the game ends when a "
    "king cannot escape. Its rules were settled in the fifteenth century.",
    "Migrating geese fly in formation, which saves them strength. They breed in the north and spend the winter on warmer "
    "coasts. Young birds learn the route from their parents during the first autumn.",
    "The violin has four strings and is played with a bow of horsehair. Makers choose spruce for the top and maple for the "
    "back, and the varnish protects the wood without dulling its tone.",
    "Tides rise and fall twice a day because the moon pulls at the sea. In narrow bays the difference can exceed ten metres, "
    "and some power stations use the current that it drives.",
)
CHINESE = (
    "玻璃由沙子、纯碱和石灰熔炼而成。古罗马的作坊把它吹成瓶子和碗，这门手艺沿着商路传开。后来人们在熔液中加入金属氧化物，才有了彩色玻璃。",
    "国际象棋由两人在六十四格的棋盘上对弈。双方各有十六枚棋子，一方的王无路可逃时棋局结束。它的规则在十五世纪确定下来。",
    "大雁迁徙时排成队形飞行，这样可以节省体力。它们在北方繁殖，在温暖的海岸过冬。幼鸟在第一个秋天跟随父母学会路线。",
    "小提琴有四根弦，用马尾做的弓演奏。制琴师选用云杉做面板，枫木做背板，清漆保护木料而不使音色变暗。",
    "月亮吸引海水，潮汐因此每天涨落两次。在狭窄的海湾里，潮差可以超过十米，有些电站利用它推动的水流发电。",
)
"""Of no library. The figures compare the best passages with the next ones, and of a library of one or two nothing is left to
compare with: so these make up the number, and what beats them by little speaks of something else."""


@dataclass(frozen=True, slots=True)
class Model:
    """One logistic regression. `weights` belong to standardised figures and, by "name^2", to their squares."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float  # the probability under which a question is refused

    def probability(self, figures: dict[str, float]) -> float:
        total = self.bias
        for name, mean, deviation, weight in zip(self.names, self.means, self.deviations, self.weights, strict=True):
            total += weight * (value(figures, name) - mean) / deviation
        return 1 / (1 + exp(-max(-30.0, min(30.0, total))))


def value(figures: dict[str, float], name: str) -> float:
    return figures[name[:-2]] ** 2 if name.endswith("^2") else figures[name]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`probability` that the passages answer the question; `model` names the parameters that decided. `near`: they are refused,
    but may answer in other words."""

    answered: bool
    probability: float
    threshold: float
    model: str
    near: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """`models` are the regressions by name; `embedder` is the one whose cosines the hits have, where they were fitted to it.
    By the name of what refused: `near`, the probability between languages from which passages are near, and `practice`, the
    `nearness` from which they are to a question of practice."""

    models: Mapping[str, Model]
    embedder: Embedder | None = field(default=None)
    near: Mapping[str, float] = field(default_factory=dict)
    practice: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, embedder: Embedder | None = None, path: Path = PARAMETERS) -> "Gate":
        stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
        cosines = probed(embedder) if embedder else []
        for fitted in stored["embedders"]:
            if embedder and embedder.dimension == fitted["dimension"] and kin(cosines, fitted["cosines"]):
                models = _models(stored["lexical"] | fitted["models"])
                return cls(models, embedder, fitted.get("near", {}), fitted.get("practice", {}))
        return cls(_models(stored["lexical"]))

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement:
        """`hits` best first, of one search. No hits, or a question without a word of content, is not answered."""
        beside = among(question, hits, self.embedder)
        figures = measured(question, beside, self.embedder)
        name = self._choose(question, figures)
        model = self.models[name]
        probability = model.probability(figures) if figures else 0.0
        answered = probability >= model.threshold
        near = not answered and self._near(name, question, figures, [hit.passage.text for hit in beside])
        return Judgement(answered, probability, model.threshold, name, near)

    def _near(self, name: str, question: str, figures: dict[str, float], texts: Sequence[str]) -> bool:
        """The second look at what `name` refused; costs the embedder the tokens of all the texts."""
        asks = name in self.practice and practical(question)
        if self.embedder is None or not figures or not (asks or name in self.near):
            return False
        told = aligned(question, texts, self.embedder)
        if told and asks and nearness(figures | told) >= self.practice[name]:
            return True
        return bool(told) and name in self.near and self.models[ACROSS].probability(figures | told) >= self.near[name]

    def _choose(self, question: str, figures: Mapping[str, float]) -> str:
        plain = "unspaced" if is_dense(question) else "spaced"
        wanted = ACROSS if ALIGNED[0] in figures else f"{plain}_dense"
        return wanted if self.embedder and "cosine" in figures and wanted in self.models else plain


def among(question: str, hits: Sequence[Hit], embedder: Embedder | None) -> list[Hit]:
    """The hits, made up to `ENOUGH` by strangers in their script. No hits: none."""
    if not hits or len(hits) >= ENOUGH:
        return list(hits)
    texts = _strangers(hits)
    strangers = [Hit(Passage(0, 0, len(text), text), 0.0, lexical=0.0) for text in texts]
    if embedder and all(hit.dense is not None for hit in hits):
        cosines = _cosines(question, texts, embedder)
        strangers = [replace(one, dense=float(cosine)) for one, cosine in zip(strangers, cosines, strict=True)]
        strangers.sort(key=lambda one: -(one.dense or 0.0))
    return [*hits, *strangers[: ENOUGH - len(hits)]]


def nearness(figures: Mapping[str, float]) -> float:
    """How near passages are to a question of practice: the best cosine of a passage, and that of its tokens together. Of those put to
    documents of other matters it tells more apart than either (AUROC in English 0.865, of cosines alone 0.829, of their height over
    strangers' 0.806; in Chinese 0.956, 0.946, 0.912)."""
    return figures["cosine"] + figures["aligned"]


def _strangers(hits: Sequence[Hit]) -> tuple[str, ...]:
    return CHINESE if script("\n".join(hit.passage.text for hit in hits)) == "CJK" else ENGLISH


def _cosines(question: str, texts: tuple[str, ...], embedder: Embedder) -> Vectors:
    """[texts]"""
    cosines: Vectors = _vectors(texts, embedder) @ embedder.queries([question])[0]
    return cosines


@lru_cache(maxsize=2)
def _vectors(texts: tuple[str, ...], embedder: Embedder) -> Vectors:
    """[texts, dimension] of strangers, which every question that is refused is held against."""
    return embedder.passages(texts)


def measured(question: str, hits: Sequence[Hit], embedder: Embedder | None) -> dict[str, float]:
    """`features`, and with them `aligned` where the embedder's cosines are between languages."""
    figures = features(question, hits)
    texts = [hit.passage.text for hit in hits]
    if embedder and "cosine" in figures and foreign(question, "\n".join(texts)):
        figures |= aligned(question, texts, embedder)
    return figures


def probed(embedder: Embedder) -> list[float]:
    """Its cosines for `PROBES`."""
    questions, passages = zip(*PROBES, strict=True)
    cosines = (embedder.queries(questions) * embedder.passages(passages)).sum(1)
    return [round(float(cosine), 4) for cosine in cosines]


def kin(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether these are the cosines of one embedder, as `probed` gives them."""
    return float(np.abs(np.subtract(ours, theirs)).mean()) <= KIN


def _models(stored: Mapping[str, Any]) -> dict[str, Model]:
    return {
        name: Model(
            tuple(model["names"]),
            tuple(model["means"]),
            tuple(model["deviations"]),
            tuple(model["weights"]),
            model["bias"],
            model["threshold"],
        )
        for name, model in stored.items()
    }
