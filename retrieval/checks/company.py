"""Strangers that keep a small library's passages company while the gate judges them.

Its figures compare the best passages with the next ones, and it was fitted on five; of a library of one or two passages
nothing is left to compare with. So passages of no library make up the number: what beats them by little speaks of something else.
"""

from collections.abc import Sequence
from dataclasses import replace

from retrieval.search.embed import Embedder
from retrieval.text.words import script
from retrieval.types import Hit, Passage

ENOUGH = 5  # passages that the gate was fitted with
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


def among(question: str, hits: Sequence[Hit], embedder: Embedder | None) -> list[Hit]:
    """The hits, made up to `ENOUGH` by strangers in their script. No hits: none."""
    if not hits or len(hits) >= ENOUGH:
        return list(hits)
    texts = CHINESE if script("\n".join(hit.passage.text for hit in hits)) == "CJK" else ENGLISH
    strangers = [Hit(Passage(0, 0, len(text), text), 0.0, lexical=0.0) for text in texts]
    if embedder and all(hit.dense is not None for hit in hits):
        cosines = embedder.passages(texts) @ embedder.queries([question])[0]
        strangers = [replace(one, dense=float(cosine)) for one, cosine in zip(strangers, cosines, strict=True)]
        strangers.sort(key=lambda one: -(one.dense or 0.0))
    return [*hits, *strangers[: ENOUGH - len(hits)]]
