"""Tables that are no tables of columns: a field and its value in each row, of a form several side by side.

"Name | Anna Keller" above "Department | Procurement" is no header. That the values below one another are of several kinds tells it, or
that the labels are names of fields.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

SHEET = 2  # columns: fields and their values
_WIDEST = 8  # columns of a form
_NAMES = re.compile(
    r"(?:(?:full |first |last |family |given |company |project |product )?name|surname|address|street|city|country|postcode|zip(?: code)?|phone|tele?phone(?: number)?|mobile"
    r"|tel\.?|fax|e-?mail(?: address)?|website|date(?: of birth| of issue)?|born|birthday|place of birth|sex|gender|nationality|age|department|position|job title|employer"
    r"|manager|supervisor|contact(?: person)?|emergency contact|signature|employee (?:number|id|no\.?)|customer(?: number)?|client|supplier|model|type|manufacturer|brand"
    r"|serial (?:number|no\.?)|invoice (?:number|no\.?)|order (?:number|no\.?)|warranty|owner|author|version|status|start(?: date)?|end(?: date)?|budget"
    r"|姓名|名称|[^\W\d_]{0,4}名称|性别|年龄|民族|籍贯|国籍|出生(?:日期|年月|地)?|身份证号码?|部门|职务|职位|职称|岗位|学历|专业|毕业院校|单位|地址|住址|联系地址|电话|联系电话|手机|手机号码?"
    r"|传真|邮编|邮箱|电子邮箱|联系人|紧急联系人|负责人|经办人|申请人|审批人|编号|工号|型号|规格|品牌|厂家|生产厂家|供应商|客户|日期|购置日期|入职日期|开始日期|结束日期|备注|状态|版本|作者|预算)",
    re.IGNORECASE,
)
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"\d{{4}}|\d{{4}}\s*[-/.年]\s*\d{{1,2}}.*|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}|\d{{1,2}}\.? (?:{_MONTH})\w*\.? \d{{4}}|(?:{_MONTH})\w*\.? \d.*",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"[^\w\s]{0,2}\s*\d[\d.,\s]*\s*[^\W\d]{0,6}\.?|\d[\d.,]*\s*%", re.IGNORECASE)

Cells = Sequence[str]


def is_sheet(rows: Sequence[Cells]) -> bool:
    """Whether two columns are fields and their values: no kind of value is that of most rows, or two labels are names of fields."""
    if max(map(len, rows), default=0) != SHEET:
        return False
    pairs = [(row[0].strip(), "".join(row[1:]).strip()) for row in rows]
    labels = [label for label, _ in pairs if label]
    if len(pairs) <= SHEET or len({*labels}) < len(pairs) or not pairs[0][1]:
        return False
    if any(kind_of_value(label) != "words" for label in labels) or _is_field(pairs[0][1]):
        return False
    values = [kind_of_value(value) for _, value in pairs[1:] if value]
    mixed = bool(values) and 2 * Counter(values).most_common(1)[0][1] <= len(values)
    return mixed or sum(map(_is_field, labels)) >= SHEET


def kind_of_value(cell: str) -> str:
    text = " ".join(cell.split())
    if not any(sign.isdecimal() for sign in text):
        return "words"
    return "date" if _DATE.fullmatch(text) else "amount" if _AMOUNT.fullmatch(text) else "code"


def is_form(rows: Sequence[Cells]) -> bool:
    """Whether each row holds several fields, each before its value: "Name | Ada | Born | 1815"."""
    width = max(map(len, rows), default=0)
    if (
        len(rows) < SHEET
        or width <= SHEET
        or width > _WIDEST
        or width % SHEET
        or any(len(row) != width for row in rows)
    ):
        return False
    labels = [cell.strip() for row in rows for cell in row[::SHEET] if cell.strip()]
    values = [cell.strip() for row in rows for cell in row[1::SHEET] if cell.strip()]
    named = sum(map(_is_field, labels))
    return SHEET * named > len(labels) and not any(map(_is_field, values))


def fields(rows: Iterable[Cells]) -> Iterator[Cells]:
    """Those of a form, one a row. A merged cell, whose value reaches over the next ones, is one."""
    for row in rows:
        for at in range(0, len(row), SHEET):
            pair = [*row[at : at + SHEET]]
            pair += [""] * (SHEET - len(pair))
            if any(pair) and not (at and {*pair} <= {*row[:at]}):
                yield pair


def _is_field(label: str) -> bool:
    return _NAMES.fullmatch(label.rstrip(":： ").strip()) is not None
