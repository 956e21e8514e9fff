"""Texts to try in the extraction tab, each with its template (none), fields and rows, as they are in every language of the page."""

EXAMPLES: dict[str, tuple[str, str, str, str]] = {
    "invoice": (
        """Northwind Orchard Supplies Ltd
14 Mill Lane, Bristol BS1 4ND

INVOICE

Invoice number: NW-2024-0187        Date: 12 March 2024
Customer: Lindqvist Cider AB        Due date: 11 April 2024

2 x Pruning saw, folding            £18.50         £37.00
1 x Apple press basket, 40 l        £210.00        £210.00
12 x Grafting tape                  £3.25          £39.00

Subtotal    £286.00
VAT (20 %)  £57.20
Total due   £343.20

Please pay by bank transfer to account 20-44-51 83119204.""",
        "own",
        "seller\ncustomer\ninvoice number\ndate: date\ndue date: date\nsubtotal: money\nVAT: money\ntotal due: money",
        "one",
    ),
    "news": (
        """Maria Lindqvist founded Kivik Cider in 1998 and ran it as managing director for twenty-five years. \
Elsa Lindqvist, until then chief engineer at Volvo in Gothenburg, took over as managing director in May 2023. \
Henrik Poulsen, head of strategy at the Danish brewery Carlsberg, said that his company would buy a third of the cider.""",
        "own",
        "person\norganisation\nrole",
        "many",
    ),
    "chinese": (
        """会议纪要
时间：2024年5月8日
地点：三楼会议室
参加人：王芳、李强、陈晓明
决定：新网站六月一日上线。

王芳负责在5月20日之前完成设计稿。
李强负责在5月28日前完成测试。
陈晓明负责在5月15日前联系印刷厂，费用约3500元。""",
        "own",
        "负责人\n任务\n截止日期：日期",
        "many",
    ),
}
