"""Articles of statutes and contracts: each begins a passage, and what only looks like one does not."""

import pytest

from retrieval.text.articles import openings
from retrieval.text.split import split
from retrieval.types import Block, Page


def begun(text: str, *blocks: Block) -> list[str]:
    """The first words of what begins an article."""
    page = Page(1, text, blocks=blocks)
    return [text[at:].split("\n", 1)[0][:12].strip() for at in sorted(openings([page]).get(1, ()))]


CONTRACT = """房屋租赁合同

出租人（甲方）：沈国梁

第一条 租赁期限为二十四个月。
第二条 租金为每月人民币4200元，按季支付。

第二条之一 乙方按照第二条
第三款支付滞纳金。

第十条 乙方不得饲养犬只：
（一）大型犬；
（二）其他犬。

第三条规定的期限自签订之日起算。"""


def test_every_article_is_a_passage_by_itself_however_short() -> None:
    passages = split([Page(1, CONTRACT)])
    assert [p.text[:5] for p in passages] == ["房屋租赁合", "第一条 租", "第二条 租", "第二条之一", "第十条 乙"]
    assert passages[-1].text.endswith("起算。"), "a reference at the beginning of a line begins nothing"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Article 1. Term\nTwo years.\nArticle 2. Fee\nTen euros.\nArticle 4. End\nIt ends.", ["Article 1. T", "Article 2. F", "Article 4. E"]),
        ("Section I: Term\nTwo years.\nSection II: Fee\nTen euros.\nSection III: End\nIt ends.", ["Section I: T", "Section II:", "Section III:"]),
        ("§ 1 Quiet\n\nNo noise.\n\n§ 2 Dogs\n\nNo dogs.\n\n§ 3a Cats\n\nNo cats.", ["§ 1 Quiet", "§ 2 Dogs", "§ 3a Cats"]),
        ("3.1 The fee is due.\n3.2 Interest is due.\n3.2.1 From May on.\n4.1 It ends.", ["3.1 The fee", "3.2 Interest", "3.2.1 From M", "4.1 It ends."]),
        ("第1条：期限\n两年。\n第2条：租金\n十元。\n第3条：终止\n到期。", ["第1条：期限", "第2条：租金", "第3条：终止"]),
    ],
)  # fmt: skip
def test_numbers_of_every_form(text: str, first: list[str]) -> None:
    assert begun(text) == first


@pytest.mark.parametrize(
    "text",
    [
        "1. Term ..... 1\n1.1 Length ..... 2\n1.2 Start ..... 3\n1.3 End ..... 4",
        "第一条 期限……1\n第二条 租金……2\n第三条 终止……3",
        "3.5 Million people live there.\n7.2 Million live here.\n1.9 Million left.",
        "It is so.\nArticle 5 of the convention says it.\nArticle 6 of the convention, too.\nSection 3 applies.",
        "You need:\n1. your card;\n2. your key;\n3. a cup.",
        "二、甲方的义务。\n三、乙方的义务。\n四、其他。",
        "Article 5. Only this one.\nArticle 6. And this one.",
    ],
)
def test_a_number_alone_is_no_article(text: str) -> None:
    assert begun(text) == []


def test_long_numbered_paragraphs_are_articles_and_items_of_a_list_are_not() -> None:
    long = "The tenant pays the rent on the third working day of each month. " * 4
    text = f"1. {long}\n2. {long}\n3. The tenant needs:\n1) a key;\n2) a card.\n4. {long}"
    assert begun(text) == ["1. The tenan", "2. The tenan", "4. The tenan"]
    chinese = "乙方应当于每季度首月五日前将租金汇入甲方账户，逾期支付的，按日支付滞纳金，逾期超过十五日的，甲方有权解除合同并收回房屋，乙方应当结清全部费用。"
    assert len(begun(f"一、{chinese}\n二、{chinese}\n三、{chinese}")) == 3
    for characters, count in ((59, 0), (60, 3)):
        item = "乙" * (characters - 1) + "。"
        assert len(begun("\n".join(f"{number}、{item}" for number in "一二三"))) == count


def test_headings_above_an_article_go_with_it_and_tables_have_none() -> None:
    text = "Lease\n\nTerm\n\n1 Length\n\nTwo years.\n\nMoney\n\n2 Rent\n\nTen euros.\n\n3 Deposit\n\nNone.\n\n4 A | 1\n5 B | 2"
    names = {"Lease": 1, "Term": 2, "1 Length": 3, "Money": 2, "2 Rent": 3, "3 Deposit": 3}
    blocks = []
    for part in text.split("\n\n"):
        kind = "heading" if part in names else "table" if "|" in part else "paragraph"
        blocks.append(Block(kind, text.index(part), text.index(part) + len(part), names.get(part, 0)))  # type: ignore[arg-type]
    page = Page(1, text, blocks=tuple(blocks))
    assert [p.text.split("\n")[0] for p in split([page])] == ["Lease", "Money", "3 Deposit"]
    assert openings([page]) == {1: frozenset(text.index(name) for name in ("1 Length", "2 Rent", "3 Deposit"))}


def test_articles_are_counted_over_pages() -> None:
    pages = [Page(n, f"Clause {n}. The fee for year {n} is due.") for n in (1, 2, 3)]
    assert openings(pages) == {1: {0}, 2: {0}, 3: {0}}
