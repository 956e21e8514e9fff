"""Columns that a question means by its kind: "how long" a time, "how loud" a noise, "who" a name, 多少钱 a price."""

import re
from collections.abc import Sequence

_TIME = r"\b(?:time|duration|hours|minutes|days)\b|时间|時間|时长|用时|耗时|工期|期限"
_IMPLIED = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(header, re.IGNORECASE))
    for asked, header in (
        (
            r"\bhow long\b.*?\b(?:take|takes|took|last|lasts|lasted|run|runs|need|needs)\b|多久|多[长長](?:时间|時間)|花多少时间|要多少时间|需要多久",
            _TIME,
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
            r"\bhow much\b(?:.*\b(?:cost|costs|pay|pays|earn|is|are)\b)?|\bwhat\b.*\bcosts?\b|\bhow expensive\b|多少[钱錢]|什[么麼]价|多贵",
            r"\b(?:price|cost|costs|amount|fee|fare|rent|total|salary|wage)\b|价格|單價|单价|费用|金额|价钱|票价|租金|工资",
        ),
        (r"\bhow loud\b|多(?:吵|响|大声)", r"\b(?:noise|loudness|sound|decibels?|db)\b|噪音|噪声|噪聲|音量|分贝"),
        (r"\bhow heavy\b|\bhow much\b.*\bweighs?\b|多(?:重|沉)", r"\b(?:weight|mass)\b|重量|净重|毛重|自重|体重"),
        (r"\bhow (?:tall|high)\b|多高", r"\b(?:height|altitude|elevation)\b|高度|身高|海拔|塔高|楼高"),
        (r"\bhow long\b|多[长長]", r"\blength\b|长度|長度|全长|全長"),
        (r"多[长長]", _TIME),
        (r"\bhow wide\b|多[宽寬]", r"\bwidth\b|宽度|寬度"),
        (r"\bhow deep\b|多深", r"\bdepth\b|深度"),
        (r"\bhow far\b|多[远遠]", r"\bdistance\b|距离|距離|里程"),
        (r"\bhow fast\b|多快", r"\b(?:speed|velocity)\b|速度|时速|時速"),
        (r"\bhow (?:hot|warm|cold)\b|多[热熱冷]", r"\btemperature\b|温度|溫度|气温"),
        (r"\bhow old\b|几岁|多大(?:年纪|岁数)", r"\bage\b|年龄|岁数"),
        (r"\bhow (?:powerful|strong)\b|多大功率", r"\bpower\b|功率"),
        (r"\bhow (?:big|large)\b|多大", r"\b(?:size|area|capacity|volume)\b|面积|面積|大小|尺寸|容量|体积"),
    )
)


def implied(question: str, columns: Sequence[str]) -> tuple[int, tuple[int, int]] | None:
    """The only column whose header is of the kind that is asked for, and where in the question that kind is said. None where no
    column is, or several are."""
    for asked, header in _IMPLIED:
        found = asked.search(question)
        fitting = [n for n, column in enumerate(columns) if header.search(column)] if found else []
        if found and fitting:
            return (fitting[0], found.span()) if len(fitting) == 1 else None
    return None
