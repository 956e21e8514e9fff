"""The summary tab's words, in English and Chinese. Those of `error.` with empty English are told as they come."""

STRINGS: dict[str, tuple[str, str]] = {
    "summarize": ("Summarize", "摘要"),
    "sum_source": ("What to summarize", "要概括的内容"),
    "sum_from_text": ("Text", "文本"),
    "sum_from_file": ("File", "文件"),
    "sum_from_library": ("Library", "文档库"),
    "sum_text": ("Text", "文本"),
    "sum_text_hint": ("Paste or type a text…", "粘贴或输入文本…"),
    "sum_file": (
        "PDF, Word, PowerPoint, HTML, Markdown, EPUB, text…",
        "PDF、Word、PowerPoint、HTML、Markdown、EPUB、文本等",
    ),
    "sum_documents": ("Documents of your library", "文档库中的文档"),
    "sum_documents_info": (
        "Several give one summary. Add more in the Documents tab.",
        "选择多个会合成一份摘要。可在“文档”页添加。",
    ),
    "sum_length": ("Length", "长度"),
    "sum_length_info": (
        "About 50, 120 or 250 words; less of a short text.",
        "约 50、120 或 250 个词（两个汉字算一个词）；短文则更短。",
    ),
    "sum_short": ("Short", "短"),
    "sum_medium": ("Medium", "中"),
    "sum_long": ("Long", "长"),
    "sum_run": ("Summarize", "生成摘要"),
    "sum_stop": ("Stop", "停止"),
    "sum_examples": ("Try an example", "试试示例"),
    "sum_example_report": ("A short report with headings", "一份带标题的简短报告"),
    "sum_example_meeting": ("A conversation", "一段对话"),
    "sum_example_chinese": ("A Chinese text", "一篇中文文章"),
    "sum_past": ("Your last summaries", "最近的摘要"),
    "sum_past_open": ("Open the summary of {title}", "打开“{title}”的摘要"),
    "sum_past_remove": ("Remove the summary of {title}", "移除“{title}”的摘要"),
    "sum_typed": ("Typed text", "输入的文本"),
    # The result
    "sum_welcome": ("Summaries you can check", "可以核对的摘要"),
    "sum_welcome_more": (
        "Every sentence is held against the text and shows where it stands there. Sections get a line each.",
        "每一句都会与原文核对，并标出它在原文中的位置；每一节另有一句概括。",
    ),
    "sum_reading_file": ("Reading…", "正在读取…"),
    "sum_ranking": ("Finding the sections…", "正在划分章节…"),
    "sum_working": ("Reading the text: {done} of {total} parts", "正在阅读原文：{done} / {total} 部分"),
    "sum_merging": ("Merging, level {level}: {done} of {total}", "正在合并，第 {level} 层：{done} / {total}"),
    "sum_waiting": ("Waiting for a free place: number {place} in line…", "正在排队等待，当前第 {place} 位…"),
    "sum_sections": ("Section by section", "逐节概括"),
    "sum_figures": ("{size} words of {words} (wanted: {wanted})", "{size} 词，原文 {words} 词（目标 {wanted} 词）"),
    "sum_figures_short": ("{size} words", "{size} 词"),
    "sum_whole": (
        "The text's sentences cannot be put together to the length that was asked for: these are {size} words, not {wanted}.",
        "原文的句子凑不成所要的长度：这里是 {size} 词，而不是 {wanted} 词。",
    ),
    "sum_by_model": ("{model}, every sentence checked", "{model}，逐句核对"),
    "sum_by_adapter": ("{model} with {adapter}, every sentence checked", "{model}（{adapter}），逐句核对"),
    "sum_by_text": ("sentences of the text itself", "全部为原文语句"),
    "sum_quoted_language": (
        "This is made of sentences of the text itself: {model} was not made for {language}. A model that "
        "knows it, named with --model or --base-url, would write.",
        "以下全部为原文语句：{model} 并非为{language}训练。用 --model 或 --base-url 指定懂这种语言的模型即可改写成摘要。",
    ),
    "sum_quoted_model": (
        "This is made of sentences of the text itself: no model is ready.",
        "以下全部为原文语句：目前没有可用的模型。",
    ),
    "sum_quoted_short": ("The text is short already; here it is.", "原文已经很短，照录如下。"),
    "sum_quote": ("in quotation marks: the text's own sentences", "引号中为原文语句"),
    "sum_not_supported_info": ("The text does not say this in these words. Check it.", "原文没有这样说，请自行核对。"),
    "sum_refused": (
        "Left out: {count} sentences of the model that the text does not say",
        "已略去模型写的 {count} 句原文没有的话",
    ),
    "sum_refused_one": (
        "Left out: 1 sentence of the model that the text does not say",
        "已略去模型写的 1 句原文没有的话",
    ),
    "sum_condensed": (
        "The text is very long: of each section the model read the most telling sentences.",
        "原文很长：每一节模型只读了最重要的句子。",
    ),
    "sum_cancelled": (
        "Stopped: {reached} of {of} sections were summarized.",
        "已停止：完成了 {of} 节中的 {reached} 节。",
    ),
    "sum_pages": ("pages {first}–{last}", "第 {first}–{last} 页"),
    "sum_page": ("page {first}", "第 {first} 页"),
    "sum_part": ("Part {n}", "第 {n} 部分"),
    "sum_chip": ("Source {n}", "出处 {n}"),
    "sum_chip_page": ("Source {n}, page {page}", "出处 {n}，第 {page} 页"),
    "sum_copy": ("Copy", "复制"),
    "sum_copied": ("Copied", "已复制"),
    "sum_save": ("Save as Markdown", "存为 Markdown"),
    "sum_source_none": ("Choose a number to see where a sentence stands.", "点编号查看句子在原文中的位置。"),
    # Errors
    "error.summary_long": (
        "The text has {length} characters; at most {limit} can be summarized. Send it in parts.",
        "文本有 {length} 个字符；一次最多概括 {limit} 个。请分几次发送。",
    ),
    "error.summary_empty": (
        "There is nothing to summarize. Type or paste a text first.",
        "没有可概括的内容。请先输入或粘贴文本。",
    ),
    "error.summary_rejected": ("", "这个文档没有读取成功，无法概括。"),
    "error.summary_length": ("", "长度只能是 short、medium 或 long。"),
}

EXAMPLES: dict[str, str] = {
    "report": """# Orchard report 2024

## Harvest
The orchard harvested 212 tonnes of apples between 20 August and 15 October, 14 tonnes more than in the year before. \
Discovery ripened nine days early after a warm June. Hail on 3 July damaged about a tenth of the Aroma trees, so most of \
their fruit went to the press instead of the market.

## Cider press
The press that was bought in Kivik in 2011 was overhauled in March for 9,400 euros. It ran for 41 days and made 38,000 litres \
of juice, of which a third was sold to two schools in Uppsala. A second tank is needed before the next season, because juice \
had to be given away on four days.

## People
Maria Lindqvist, who planted the orchard in 1998, handed the daily work over to her daughter Elsa in May. Eleven pickers \
came back from earlier years and six were new. Nobody was hurt, but the ladders are worn and will be replaced this winter.

## Plans
Two hectares of old Ingrid Marie trees will be grubbed up and planted with Rubinola, which needs no spraying against scab. \
The bees stay: without the forty hives of the neighbour the yield would fall by a third.""",
    "meeting": """Anna: The train tickets to Vienna are cheaper if we book before Friday.
Ben: How much cheaper?
Anna: Sixty euros each instead of ninety-five.
Ben: Then let us book today. I can pay with my card and you give me your half later.
Anna: Good. We should take the train at 8:12, it arrives at noon and we need no change in Linz.
Ben: And the hotel? The one near the station has only one room left.
Anna: I would rather stay with my aunt in the ninth district. She has offered us the guest room for three nights.
Ben: That is kind of her. I will bring her some of the plum jam, and I will write to her tonight to say thank you.""",
    "chinese": """果园由林玛丽于1998年建立，占地14公顷，位于乌普萨拉附近。去年一共收获苹果212吨，比前一年多14吨。由于六月温暖，早熟品种比往年提前九天成熟。\
七月三日的冰雹损坏了大约十分之一的果树，这些苹果大多被送去榨汁。榨汁机是2011年购买的，今年三月花费9400欧元大修。\
榨汁机运转了41天，生产果汁三万八千升，其中三分之一卖给了两所学校。五月，林玛丽把日常工作交给了女儿。\
今年冬天将更换旧梯子，并在两公顷土地上种植不需要喷药的新品种。邻居的四十箱蜜蜂会留下，没有它们产量会下降三分之一。""",
}
"""Texts to try, as they are in every language of the page."""
