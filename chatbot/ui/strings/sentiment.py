"""The sentiment tab's words, in English and Chinese. Those of `error.` with empty English are told as they come."""

STRINGS: dict[str, tuple[str, str]] = {
    "sentiment": ("Sentiment", "情感"),
    "sen_source": ("What to judge", "要判断的内容"),
    "sen_from_text": ("A text", "一段文本"),
    "sen_from_table": ("A table", "一张表格"),
    "sen_text": ("Text", "文本"),
    "sen_text_hint": ("Paste or type a text…", "粘贴或输入文本…"),
    "sen_example_review": ("A mixed review", "一则褒贬不一的评论"),
    "sen_example_spam": ("Spam or not", "是否垃圾邮件"),
    "sen_example_desk": ("Which department?", "归哪个部门？"),
    "sen_file": ("CSV or Excel workbook: drop it here, or click", "CSV 或 Excel 工作簿：拖到这里，或点击选择"),
    "sen_column": ("Column with the texts", "文本所在的列"),
    "sen_labels": ("Labels", "标签"),
    "sen_labels_info": (
        "Empty: negative, neutral, positive. Your own: “spam, not spam”; or one to a line, with “: what it stands for”.",
        "留空为 negative、neutral、positive。也可自定：“spam, not spam”；或每行一个，后加“: 含义”。",
    ),
    "sen_run": ("Judge", "判断"),
    "sen_stop": ("Stop", "停止"),
    "sen_past": ("Your last results", "最近的结果"),
    "sen_past_open": ("Open the result of {title}", "打开“{title}”的结果"),
    "sen_past_remove": ("Remove the result of {title}", "移除“{title}”的结果"),
    # The result
    "sen_welcome": ("Which label fits, and why", "贴什么标签，为什么"),
    "sen_welcome_more": (
        "The model's own likelihood of every label, and the words that the answer hangs on. Sentiment, spam, topics: "
        "the labels are yours to choose.",
        "显示模型给每个标签的似然，以及答案取决于哪些词。情感、垃圾邮件、主题：标签由你决定。",
    ),
    "sen_reading": ("Reading…", "正在阅读…"),
    "sen_scores": ("How likely each label is", "各标签的可能性"),
    "sen_weighing": (
        "Reading it again without each part: {done} of {total}",
        "逐一去掉各部分重新阅读：{done} / {total}",
    ),
    "sen_no_evidence": (
        "Stopped before the words were weighed.",
        "在衡量各个词之前已停止。",
    ),
    "sen_why": ("Why “{label}”", "为什么是“{label}”"),
    "sen_for": ("speaks for {label}", "支持 {label}"),
    "sen_against": ("speaks against it", "反对"),
    "sen_scale": ("the darker and thicker, the more", "颜色越深、线越粗，作用越大"),
    "sen_table": ("As a table", "以表格显示"),
    "sen_part": ("Part of the text", "文本的部分"),
    "sen_weight": ("Without it, “{label}” changes by", "去掉它后，“{label}”的变化"),
    "sen_points": ("{points} points", "{points} 个百分点"),
    "sen_flat": (
        "No single part changes much: the label hangs on all of the text.",
        "没有哪个部分单独起很大作用：标签取决于整段文本。",
    ),
    "sen_calibrated": (
        "Calibrated on {rows} held-out film reviews, of which {right} % were told right, negative against positive. "
        "Neutral was not measured.",
        "已在 {rows} 条留出影评上校准，其中 {right}% 的正负判断正确。中性未测量。",
    ),
    "sen_weak": (
        "Not calibrated, and {model} tells labels like these hardly better apart than guessing. Choose an adapter trained for "
        "them, or run Banyan with a larger model.",
        "未校准；{model} 区分这类标签的能力只比猜测略好。请选用为其训练的适配器，或让 Banyan 使用更大的模型。",
    ),
    "sen_uncalibrated": (
        "Not calibrated for this model, adapter and label set: the order of the labels means more than the percentages.",
        "尚未针对此模型、适配器和标签集校准：标签的先后比百分比更可信。",
    ),
    "sen_foreign": (
        "This text seems to be in {language}, which {model} was not made for. Do not rely on its label.",
        "这段文本似乎是{language}，而 {model} 并非为它而造。请勿依赖它给的标签。",
    ),
    "sen_by": ("Judged by {model}", "由 {model} 判断"),
    "sen_by_adapter": ("Judged by {model} with the adapter {adapter}", "由 {model} 和适配器 {adapter} 判断"),
    "sen_pieces": ("Read in {count} pieces", "分 {count} 段阅读"),
    # Tables
    "sen_rows": ("{name}: {rows} rows, {columns} columns", "{name}：{rows} 行，{columns} 列"),
    "sen_sheets": ("Only the first sheet is read; left out: {names}", "只读取第一个工作表；未读取：{names}"),
    "sen_progress": ("{done} of {total} rows", "{done} / {total} 行"),
    "sen_left": ("about {time} left", "约剩 {time}"),
    "sen_seconds": ("{count} s", "{count} 秒"),
    "sen_minutes": ("{count} min", "{count} 分钟"),
    "sen_hours": ("{count} h", "{count} 小时"),
    "sen_done": ("All {total} rows are done.", "全部 {total} 行已完成。"),
    "sen_partly": (
        "{done} of {total} rows were judged; the file holds them, the others without a label.",
        "已判断 {total} 行中的 {done} 行；文件中包含这些结果，其余行没有标签。",
    ),
    "sen_counts": ("Rows by label", "各标签的行数"),
    "sen_left_out": ("Rows without a label", "没有标签的行"),
    "sen_out_quoting": ("their quotes do not match", "引号不匹配"),
    "sen_out_columns": ("more values than columns", "值比列多"),
    "sen_out_empty": ("no text", "没有文本"),
    "sen_out_long": ("too long", "太长"),
    "sen_out_rows": ("{count} ({lines})", "{count}（{lines}）"),
    "sen_row": ("row {number}", "第 {number} 行"),
    "sen_download": ("Download the CSV", "下载 CSV"),
    "error.no_column": ("", "没有名为 {name} 的列。文件中有：{there}。"),
    "error.large_table": ("", "文件太大；最多 {limit}。请拆分。"),
    "error.empty_table": ("", "文件是空的。请选择一个含有表格的文件。"),
    "error.no_table": ("", "这不是 CSV 文件或工作簿。请另存为 CSV 或 XLSX。"),
    "error.bad_header": ("", "文件第一行没有给出列名：引号不匹配。"),
    "error.twice": ("", "有两个相同的标签。请给每个标签取不同的名字。"),
    "error.one": ("", "只有一个标签就没有选择。请至少给两个，例如“spam, not spam”。"),
    "error.many": ("", "标签太多。"),
    "error.nameless": ("", "有一个标签只有含义没有名字。请写成“名字: 含义”。"),
    "error.long": ("", "有一个标签太长。"),
}

EXAMPLES: dict[str, tuple[str, str]] = {
    "review": (
        "The acting is wonderful and the music even better, but the plot drags and the ending made me want my money back.",
        "",
    ),
    "spam": (
        "Congratulations! You have been selected to win a free phone. Click the link below and enter your card number.",
        "spam: advertising or fraud that nobody asked for\nnot spam: an ordinary message",
    ),
    "desk": (
        "I was charged twice for the same order last week and would like to have one of the payments back.",
        "billing: payments, invoices and refunds\ntechnical: something does not work\nsales: questions before buying",
    ),
}
"""Texts that show what the tab is for, each with its labels."""
