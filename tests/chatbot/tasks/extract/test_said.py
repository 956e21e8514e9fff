"""What stands in a text is the value of a field only where the text gives it as that."""

import json

import pytest

from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.extract.fields import parse
from chatbot.tasks.extract.record import Extraction
from chatbot.tasks.extract.text import of_typed
from chatbot.tasks.extract.work import extract

RECEIPT = "Receipt\nGreenleaf Garden Centre\n17 May 2024\n\nPlants 6 @ $3.50   $21.00\nTotal paid: $37.50"
LEASE = "Pelican Ltd lets unit 14 to Mira Okafor from 1 March 2023. The charge is £85 per month. No deposit is taken."
TERMS = "The rent is €500 a month. As a deposit, which is due before moving in, the tenant pays €900."
TABLE = "item | price | discount\nlamp | £24.00 | £2.00\ndesk | £90.00 | £9.00"
LEASE_ZH = "自2023年10月1日起至2024年9月30日止，月租金2300元，不收押金。"
INVOICE_ZH = "开票日期：2024年3月18日\n金额 1900.00元\n税率 13% 税额 247.00元\n价税合计：2147.00元"


def read(text: str, field: str, said: str, rows: str = "one") -> str:
    """The cell of a model that answered `said`."""
    name = parse(field)[0].name
    *_, found = extract(ScriptedEngine([json.dumps({name: said})]), [of_typed(text)], parse(field), rows=rows)
    assert isinstance(found, Extraction)
    return found.records[0].cells[0][0].text if found.records else ""


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        (RECEIPT, "due date: date", "17 May 2024"),
        (RECEIPT, "tax: money", "$3.50"),
        (RECEIPT, "discount: money", "$21.00"),
        (RECEIPT, "invoice number", "6"),
        (RECEIPT, "phone", "17 May"),
        (RECEIPT, "customer", "17 May 2024"),
        (LEASE, "end date: date", "1 March 2023"),
        (LEASE, "deposit: money", "£85"),
        ("I borrowed 400 euros on 6 July 2023.", "repayment date: date", "6 July 2023"),
        ("Ms Brandt was seen on 9 May 2024.", "next appointment: date", "9 May 2024"),
        ("学费950元，老师待定。", "老师", "老师待定"),
        ("Send your papers by 14 June 2024.", "start date: date", "14 June 2024"),
        (LEASE, "notice period", "unit 14"),
        (LEASE, "email", "Pelican Ltd"),
        ("2019 to today: Ocean Institute, Lisbon", "date of birth: date", "2019"),
        ("Total incl. VAT: €720.00", "tax: money", "€720.00"),
        ("Shipping: €4.90. Goods: €20.00", "insurance: money", "€4.90"),
        (LEASE_ZH, "押金：金额", "2300元"),
        (LEASE_ZH, "违约金：金额", "2300元"),
        (LEASE_ZH, "出生日期：日期", "2023年10月1日"),
        (INVOICE_ZH, "付款期限：日期", "2024年3月18日"),
        (INVOICE_ZH, "运费：金额", "1900.00元"),
        ("Seller: Acme Ltd\nTotal: £5.00", "customer", "Acme Ltd"),
        ("项目：纸\n收款人：周丽", "购买方", "周丽"),
        ("会议纪要\n2024年4月2日\n\n韩雪负责联系媒体，时间待定。", "截止日期：日期", "2024年4月2日"),
    ],
)
def test_a_field_that_is_not_said_stays_empty_whatever_the_model_takes(text: str, field: str, said: str) -> None:
    assert read(text, field, said) == ""


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        (RECEIPT, "date: date", "17 May 2024"),
        (RECEIPT, "invoice date: date", "17 May 2024"),
        (RECEIPT, "total: money", "$37.50"),
        (LEASE, "start date: date", "1 March 2023"),
        (LEASE, "monthly rent: money", "£85"),
        ("Bill to: Acme Ltd\nTotal: £5.00", "customer", "Acme Ltd"),
        ("From: Acme Ltd\nTo: Bo Ek", "seller", "Acme Ltd"),
        ("Payment due by: 3 July 2024", "due date: date", "3 July 2024"),
        ("Due date\n3 July 2024", "due date: date", "3 July 2024"),
        ("Please pay until 3 July 2024.", "due date: date", "3 July 2024"),
        ("Fair: 3 May – 5 May 2024", "end date: date", "5 May 2024"),
        ("Re: Walter Finch, b. 22.11.1951", "date of birth: date", "22.11.1951"),
        ("He will come back on 12 February 2025.", "next appointment: date", "12 February 2025"),
        ("He was 31 and *9.8.1987 in Brno", "born: date", "9.8.1987"),
        ("Clara Whitlock (1841–1902) was a botanist", "date of birth: date", "1841"),
        ("Goods €20.00, less €2.00 for members", "discount: money", "€2.00"),
        ("Either side may end it with two months' notice.", "notice period", "two months"),
        ("Invoice 2023/4471", "invoice number", "2023/4471"),
        ("Order no. 6 of 12 May", "order number", "6"),
        ("Call +351 912 555 018", "phone", "+351 912 555 018"),
        (TERMS, "deposit: money", "€900"),
        (LEASE_ZH, "结束日期：日期", "2024年9月30日"),
        (LEASE_ZH, "开始日期：日期", "2023年10月1日"),
        (INVOICE_ZH, "税额：金额", "247.00元"),
        (INVOICE_ZH, "价税合计：金额", "2147.00元"),
        ("店铺优惠  -￥20.00\n运费  ￥8.00\n实付款  ￥156.00", "运费：金额", "￥8.00"),
        ("押金为人民币9600元，月租金4800元", "押金：金额", "人民币9600元"),
        ("须提前三十日书面通知对方", "通知期限", "三十日"),
        ("请于2024年5月20日之前付款", "付款期限：日期", "2024年5月20日"),
    ],
)
def test_what_is_said_is_kept(text: str, field: str, said: str) -> None:
    assert read(text, field, said) == said


@pytest.mark.parametrize(
    ("text", "field", "said", "meant"),
    [
        (TERMS, "deposit: money", "€500", "€900"),
        (TERMS, "deposit: money", "", "€900"),
        (INVOICE_ZH, "税额：金额", "1900.00元", "247.00元"),
        ("Write to jobs@mill.example or call.", "contact email", "", "jobs@mill.example"),
        ("Write to a@mill.example or b@mill.example.", "email", "", ""),
        (LEASE_ZH, "结束日期：日期", "", "2024年9月30日"),
        ("Send it by 14 June 2024; it begins on 1 August 2024.", "deadline: date", "", "14 June 2024"),
        ("Send it by 14 June or by 20 June 2024.", "deadline: date", "", ""),
    ],
)
def test_the_value_that_the_text_names_takes_the_place_of_another(text: str, field: str, said: str, meant: str) -> None:
    assert read(text, field, said) == meant


def test_a_cue_above_a_column_names_what_is_in_it() -> None:
    reply = [{"item": "lamp", "discount": "£24.00"}, {"item": "desk", "discount": "£9.00"}]
    *_, found = extract(ScriptedEngine([json.dumps(reply)] * 3), [of_typed(TABLE)], parse("item\ndiscount: money"))
    assert isinstance(found, Extraction)
    assert [[v.text for cell in record.cells for v in cell] for record in found.records] == [
        ["lamp", "£2.00"],
        ["desk", "£9.00"],
    ]


def test_a_lone_day_in_the_sentence_of_one_record_needs_no_name() -> None:
    text = "Minutes, 4 April 2024\n\n12 April: Joan books the hall.\nWei asks three bakeries for offers."
    reply = [{"who": "Joan", "deadline": "12 April"}, {"who": "Wei", "deadline": "4 April 2024"}]
    *_, found = extract(ScriptedEngine([json.dumps(reply)] * 3), [of_typed(text)], parse("who\ndeadline: date"))
    assert isinstance(found, Extraction)
    assert [[v.text for cell in record.cells for v in cell] for record in found.records] == [
        ["Joan", "12 April"],
        ["Wei"],
    ]
