"""Columns that a question means by its kind: "how long" a time, "who" a name, 多少钱 a price."""

import re
from collections.abc import Sequence

_IMPLIED = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(header, re.IGNORECASE))
    for asked, header in (
        (
            r"\bhow long\b.*?\b(?:take|takes|took|last|lasts|lasted|run|runs|need|needs)\b|多[久长長](?:时间|時間)?|花多少时间|要多少时间|需要多久",
            r"\b(?:time|duration|length|hours|minutes|days)\b|时间|時間|时长|用时|耗时|工期|期限",
        ),
        (
            r"\bwhen\b(?:.*\b(?:start|starts|started|begin|begins|began|due|held|happen|happens|take place)\b)?|什[么麼]时候|什麼時候|何时|何時|哪一?天|几点",
            r"\b(?:date|day|start|starts|begin|begins|due|deadline|when|time)\b|日期|时间|時間|开始|期限|截止",
        ),
        (
            r"\bwho(?:m|se)?\b(?:.*\b(?:responsible|in charge|lead|leads|led|manage|manages|do|does|did|run|runs)\b)?|谁(?:负责|主管)?|誰(?:負責)?|哪一?位|(?:由)?谁",
            r"\b(?:name|person|contact|manager|leader|lead|owner|responsible|in charge|head|assignee|author|editor)\b|姓名|名字|负责人|負責人|联系人|主管|经理|经办人",
        ),
        (
            r"\bwhere\b(?:.*\b(?:held|located|live|lives|stand|stands|is|take place)\b)?|(?:在)?(?:哪里|哪裡|哪儿|何处|何處|什[么麼]地方)",
            r"\b(?:place|location|city|address|room|venue|site|town|where)\b|地点|地點|地址|位置|城市|场所|房间|教室",
        ),
        (
            r"\bhow much\b(?:.*\b(?:cost|costs|pay|pays|earn|is|are)\b)?|\bwhat\b.*\bcosts?\b|多少[钱錢]|什[么麼]价|多贵",
            r"\b(?:price|cost|costs|amount|fee|fare|rent|total|salary|wage)\b|价格|單價|单价|费用|金额|价钱|票价|租金|工资",
        ),
    )
)


def implied(question: str, columns: Sequence[str]) -> tuple[int, tuple[int, int]] | None:
    """The only column whose header is of the kind that is asked for, and where in the question that kind is said. None where no
    column is, or several are."""
    for asked, header in _IMPLIED:
        if found := asked.search(question):
            fitting = [n for n, column in enumerate(columns) if header.search(column)]
            return (fitting[0], found.span()) if len(fitting) == 1 else None
    return None
