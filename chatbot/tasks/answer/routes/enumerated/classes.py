"""Which items of an enumeration are what a question asks for: all, those that say so of themselves, or one for each value."""

import re
from collections import Counter

from chatbot.tasks.answer.routes.asking import holds, root
from chatbot.tasks.answer.routes.enumerated.items import Group, Item
from chatbot.tasks.answer.routes.enumerated.values import is_numeric
from retrieval.text.words import is_dense

_UNITS = "条條章节節款编編"
_LISTED = re.compile(
    r"\b(?:on|in) (?:the|this|that|my|our) (?:\w+ )?(?:list|table|sheet|register)\b|(?:名单|清单|列表|表格?|名录)[上里中]?(?:有|一共|总共|共)",
    re.IGNORECASE,
)
_ANYBODY = frozenset(["person", "people", "name", "individual", "somebody", "人", "人员", "姓名", "名字"])
_STAFF = frozenset(
    [
        "staff",
        "employee",
        "worker",
        "colleague",
        "team",
        "member",
        "crew",
        "personnel",
        "员工",
        "职员",
        "职工",
        "雇员",
        "同事",
        "工作人员",
        "成员",
    ]
)
_PEOPLE = re.compile(
    r"\b(?:names?|people|persons?|staff|employees?|workers?|colleagues?|teams?|members?|crew|personnel|participants?|attendees?|guests?|students?"
    r"|pupils?|players?|volunteers?|candidates?|applicants?|tenants?|residents?|patients?|passengers?|teachers?|contacts?)\b"
    r"|姓名|名单|人员|员工|职员|职工|雇员|同事|成员|学生|老师|教师|队员|会员|嘉宾|志愿者|参会|旅客|乘客|患者|居民|联系人|通讯录",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s*(?:[,;|，；、\t]|\s[-–—:/]\s|：)\s*")
_WORDS = 4  # of a field that names a class: "senior civil engineer"
_LONGER = 4  # characters by which such a field may be longer in a script without spaces: 高级工程师


def members(noun: str, group: Group, question: str) -> tuple[Item, ...]:
    """None where the enumeration is of another kind than the noun names."""
    if not noun:
        return group.items
    first, *others = group.header.split(" | ")
    if (said := _by_fields(noun, group)) and not holds(first, noun):
        return said
    if _names(noun, f"{group.about} {first}", group) or (_LISTED.search(question) and not group.unit):
        return group.items
    column = next((header for header in others if holds(header, noun)), "")
    return _by_value(group, column) if column and not is_numeric(group, column) else ()


def _names(noun: str, above: str, group: Group) -> bool:
    """Whether what stands above the items, their unit or each of their own names says it."""
    if is_dense(noun) and noun[0] in _UNITS:
        return noun[0] in group.unit
    if _of_people(noun, above):
        return True
    if is_dense(noun):
        pieces = {noun, *(noun[:size] for size in range(2, 5)), *(noun[-size:] for size in range(2, 5))}
        return any(piece in above for piece in pieces)
    return holds(f"{above} {group.unit}", noun) or all(holds(item.label, noun) for item in group.items)


def _of_people(noun: str, above: str) -> bool:
    found = {root(word) if not is_dense(word) else word for word in _PEOPLE.findall(above)}
    return (root(noun) in _ANYBODY and bool(found)) or (root(noun) in _STAFF and not _STAFF.isdisjoint(found))


def _by_fields(noun: str, group: Group) -> tuple[Item, ...]:
    """Items one of whose fields is the noun or ends with it, where all have fields: "Ada Holm, engineer, Oslo"."""
    fields = {item: _fields(item) for item in group.items} if not group.unit else {}
    sizes = Counter(map(len, fields.values()))
    if not sizes or sizes.most_common(1)[0][0] < 2:
        return ()
    return tuple(item for item, parts in fields.items() if any(_is_called(part, noun) for part in parts))


def _fields(item: Item) -> list[str]:
    parts = [cell for _, cell in item.cells] or _PARTS.split(item.label)
    return [part for part in parts if part]


def _is_called(field: str, noun: str) -> bool:
    if is_dense(noun):
        return field.endswith(noun) and len(field) <= len(noun) + _LONGER
    words = field.split()
    return 0 < len(words) <= _WORDS and root(words[-1]) == root(noun)


def _by_value(group: Group, column: str) -> tuple[Item, ...]:
    """The first item of each value of a column: "How many cities are listed?"."""
    first: dict[str, Item] = {}
    for item in group.items:
        if cell := dict(item.cells).get(column, ""):
            first.setdefault(cell.casefold(), item)
    return tuple(first.values())
