"""Which kind of question is asked, told by its words in English and Chinese.

In doubt it is one for passages: every other way looks whether it can answer, and gives the question back where it cannot.
"""

import re
from typing import Literal

from chatbot.tasks.answer.routes.ordinals import PART as _PART

Kind = Literal["passages", "whole", "part", "author", "count", "list", "extreme", "change", "sides"]
"""`whole` what a document is about, `part` what a chapter says, `author` who wrote it; `count`, `list` and `extreme` are told from
all items of a kind; `change` between two documents, `sides` of two things that are compared."""

FILE = (
    r"(?:documents?|files?|texts?|papers?|articles?|reports?|books?|booklets?|pages?|contracts?|agreements?|letters?|minutes|meetings?"
    r"|handbooks?|manuals?|guides?|policy|policies|rules|laws?|statutes?|acts?|regulations?|leaflets?|brochures?|memos?|notes?|slides?"
    r"|presentations?|decks?|spreadsheets?|tables?|lists?|e-?mails?|mails?|messages?|stor(?:y|ies)|thesis|stud(?:y|ies)|filings?|proposals?|specifications?)"
)
FILE_ZH = (
    "(?:文件|文档|文章|文本|文字|报告|论文|书|手册|指南|合同|协议|信|纪要|会议|条例|法律|法规|规定|规章|制度|办法|章程|政策|通知|公告"
    "|说明书?|讲义|幻灯片|表格|邮件|故事|资料|材料|清单|介绍|方案|计划)"
)
COUNTER = "[个個名位座家项項种種本部篇件些艘辆輛台只头匹棵栋间层次款支枚张張把块根份场場口条條章节節]"
"""What stands between a number and what it counts."""
_THIS = r"(?:this|the|these|it|that|my|our)"
PART = re.compile(_PART, re.IGNORECASE)
_ADJECTIVE = "(?:早|晚|多|少|高|低|大|小|长|長|短|贵|貴|便宜|重|轻|輕|快|慢|深|浅|淺|宽|寬|窄|远|遠|近|老|新|旧|舊)"
_SUM = r"\b(?:summari[sz]e|summary|sum up|overview|outline|gist|main (?:topics?|points?|ideas?|subjects?)|key points|tl;?dr)\b"
_SUM_ZH = "总结|總結|概括|概述|概要|摘要|归纳|大意|主旨|要点"
_SUMMARY = f"{_SUM}|{_SUM_ZH}"
SUMMARY = re.compile(_SUMMARY, re.IGNORECASE)
_KINDS: tuple[tuple[Kind, str], ...] = (
    (
        "part",
        rf"(?:{_SUMMARY}).*(?:{_PART})|(?:{_PART}).*(?:{_SUMMARY}|(?:主要)?[讲講说說写寫规規]定?的?(?:了|是)?(?:什[么麼]|啥)|(?:的)?(?:内容|規定|规定)?(?:是|有)?(?:什[么麼]|啥|哪些)|怎[么麼](?:说|說|写|寫|规定)|(?:的)?(?:内容|规定)\W*$)"
        rf"|\bwhat (?:does|do|is|are)\b.*(?:{_PART}).*\b(?:say|about|cover|contain|deal with|regulate|mean|tell)\b|\bwhat (?:is|are|was)\s+(?:the\s+)?(?:{_PART})\W*$|^\W*(?:(?:show|read|quote|give|tell) (?:me )?)?(?:the )?(?:{_PART})\W*$|\bwhat is in (?:the )?(?:{_PART})",
    ),
    (
        "author",
        rf"\bwho (?:wrote|authored|drafted|prepared|compiled|published|issued|took|is the author of|are the authors of|was the author of)\s+{_THIS}(?:\s+\w+)?\s*(?:{FILE})?\W*$"
        rf"|\bauthors? of (?:{_THIS}\s+)?(?:\w+\s+)?{FILE}|\bwho (?:is|are|was|were) the (?:authors?|writers?)\W*$"
        rf"|{FILE_ZH}[^，。？?为為]{{0,6}}(?:谁|誰|哪个单位|哪个部门|哪个机构|什么人)[^，。？?]{{0,3}}(?:写|寫|起草|编写|编制|撰写|拟定|制定|记录|發布|发布)|(?:谁|誰)(?:写|寫|起草|编写|编制|撰写|拟定|制定|发布)了?(?:这|該|该|本)"
        rf"|\bwho (?:sent|mailed) {_THIS}(?:\s+\w+)?\s*{FILE}\W*$|\bwho (?:is|was) the sender\b|(?:邮件|信件?|消息)[^，。？?]{{0,4}}谁[^，。？?]{{0,2}}[发寄]|谁[发寄]的?[^，。？?]{{0,4}}(?:邮件|信(?![用息号任]))|发[件信]人是?谁"
        r"|(?:^|[这這该本][^，。]{0,3}|"
        rf"{FILE_ZH}的?)作者(?:是|有|叫|为)?(?:谁|誰|哪|什么)",
    ),
    (
        "whole",
        rf"\bwhat (?:is|are|was|were) (?:{_THIS}\s+)?(?:\w+\s+)?{FILE}\s+(?:all )?(?:about|for)\b|\bwhat (?:is|are) (?:this|it|these)(?: (?:all )?about)?\W*$"
        rf"|\bwhat (?:does|do) {_THIS}\s+(?:\w+\s+)?{FILE}\s+(?:say|cover|contain|deal with|talk about|describe|discuss)\W*$"
        rf"|\bwhat (?:kind|type|sort) of {FILE} (?:is|are) (?:this|it|these)\b|^\W*(?:(?:please|can you|could you) )*(?:summari[sz]e|sum up)\b"
        rf"|{_SUM}(?: (?:of|for) (?:(?:this|the|these|it|that|my|our|all) ?)?(?:\w+ )?(?:{FILE})?)?\W*$"
        rf"|(?:{_SUM_ZH})(?:一下)?(?:[^，。]{{0,4}}{FILE_ZH})?[^，。]{{0,4}}$|{FILE_ZH}的?(?:主要)?(?:{_SUM_ZH})(?:是|有|\W*$)"
        rf"|{FILE_ZH}(?:(?!必须|必須|应|應|需|要|可|能|得|会)[^，。？?]){{0,4}}(?:主要)?(?:讲|講|说|說|写|寫|谈|談|介绍|介紹|讨论|涉及)[了的是]{{0,2}}(?:些)?(?:什[么麼]|啥|哪些)|{FILE_ZH}[^，。？?]{{0,3}}(?:关于|關於)什[么麼]|[这這该本][^，。]{{0,4}}是(?:一[份篇个本])?什[么麼](?:样的|类型的)?{FILE_ZH}|{FILE_ZH}的?主题",
    ),
    (
        "change",
        r"\bwhat(?:'s| is| are| has| have)? (?:been )?(?:the )?(?:new|chang\w*|differ\w*)\b.*\b(?:between|from|since|version|edition|compared)|\bdifferences? between\b|\bhow (?:do|does|did) .* differ\b"
        r"|(?:有什[么麼]|有哪些|有何|哪些)(?:变化|變化|改动|改變|改变|修改|不同|区别|區別|差别|差異|差异)|改了(?:什[么麼]|哪些)|相比.*(?:什[么麼]|哪)",
    ),
    (
        "sides",
        r"\b(?:which|who|what|is|are|was|were|does|do|did|has|have)\b.*\b(?:\w+er|more|less|better|worse|first|sooner|higher|same)\b.*\bor\b|\b(?:is|are|was|were|does|do|did|has|have|which|who)\b.*\bor\b.*\b(?:\w{2,}er|more|less|worse)\b"
        r"|\bhow (?:did|do|does|has|have)\b.*\bchanged?\b.*\b(?:from|between)\b|\bcompare\b|\b(?P<wh>who|what|how|when|where)\b.*,? and (?P=wh)\b"
        rf"|(?:和|与|與|跟|还是|還是|或).{{1,24}}(?:哪一?[个個次年座条條种種位家项項本]?|谁|誰)[^，。]*(?:更|比较|比較|先|后|後|{_ADJECTIVE})|分别|分別|比.{{1,12}}{_ADJECTIVE}(?:多少|吗|嗎)",
    ),
    (
        "count",
        r"\bhow many\b|\b(?:total )?number of\b|\bcount (?:the|all)\b"
        rf"|(?:一共|总共|總共|共有|有|负责|負責|包含|列出了?).{{0,6}}(?:多少|[几幾])|(?:[几幾]|多少){COUNTER}",
    ),
    (
        "extreme",
        r"\b(?:which|what|who|whose)\b.*\b(?:(?:the )?(?:most|least)\b|(?!interest|request|test|west|forest|guest|rest|east|nest|best)\w{2,}est\b)|最"
        r"|\bwhich\b.*\b(?:is|are|was|were|has|have|had|costs?|took|takes?|came|opened|started|began|ended|closed)\s+(?:the\s+)?(?:\w{2,}er|more|less|first|last)\b(?!.*\bthan\b)"
        r"|(?:哪一?[个個座条條种種位家项項本款间所辆]?|谁|誰)[^，。和与跟]{0,8}更",
    ),
    (
        "list",
        r"^\W*(?:please )?(?:list|enumerate|name (?:all|every|the)|give me (?:a |the )?(?:full )?list|show (?:me )?(?:all|every))\b|^\W*(?:which|what) (?:\w+ )?(?:are|were)\b.*\b(?:all|listed|mentioned)\b"
        r"|^\W*which \w+s (?:are|were|have|do|did|does|run|cost)\b|\ball (?:the )?\w+s\b.*\blist\b|列出|列举|列舉|有哪些|哪些|哪几个?|都有(?:谁|誰|什[么麼])|包括什[么麼]",
    ),
)
_RULES = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)


def kind_of(question: str) -> Kind:
    """The first whose words stand in the question."""
    return next((kind for kind, pattern in _RULES if pattern.search(question)), "passages")
