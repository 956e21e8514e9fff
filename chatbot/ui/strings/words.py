"""Every visible string, in English and Chinese. `{name}` is filled in by `text`."""

from collections.abc import Iterable, Mapping
from typing import Literal

from chatbot.ui.strings import adapters as strings_adapters
from chatbot.ui.strings import dataset as strings_dataset
from chatbot.ui.strings import documents as strings_documents
from chatbot.ui.strings import finetune as strings_finetune
from chatbot.ui.strings import knobs as strings_knobs
from chatbot.ui.strings import sentiment as strings_sentiment
from chatbot.ui.strings import summarize as strings_summarize
from chatbot.ui.strings import training as strings_training
from chatbot.ui.strings import translate as strings_translate

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

STRINGS: dict[str, tuple[str, str]] = {
    **strings_adapters.STRINGS,
    **strings_dataset.STRINGS,
    **strings_documents.STRINGS,
    **strings_finetune.STRINGS,
    **strings_knobs.STRINGS,
    **strings_sentiment.STRINGS,
    **strings_summarize.STRINGS,
    **strings_training.STRINGS,
    **strings_translate.STRINGS,
    # Sidebar
    "tagline": ("A language model you can teach", "可以教的语言模型"),
    "new_chat": ("New chat", "新对话"),
    "conversations": ("Conversations", "对话记录"),
    "base_model": ("Base model", "基础模型"),
    "adapter": ("Adapter", "适配器"),
    "adapter_info": (
        "A LoRA adapter answers in place of the bare model.",
        "选用一个 LoRA 适配器代替原始模型作答。",
    ),
    "no_adapter": ("None: the base model", "无（仅用基础模型）"),
    "settings": ("Generation settings", "生成设置"),
    "system_prompt": ("System prompt", "系统提示词"),
    "system_prompt_info": (
        "Told to the model before every conversation; never left out.",
        "在每次对话之前告诉模型的话，永远不会被省略。",
    ),
    "temperature": ("Temperature", "温度"),
    "temperature_info": (
        "0 always takes the likeliest word; higher is more varied, and wilder.",
        "0 总是选最可能的词；越高越多样，也越随意。",
    ),
    "top_p": ("Top-p", "Top-p（核采样）"),
    "top_p_info": (
        "Choose only among the likeliest words that together make up this share.",
        "只在累计概率达到该比例的最可能的词中选择。",
    ),
    "top_k": ("Top-k", "Top-k"),
    "top_k_info": ("Choose only among this many words; 0 switches it off.", "只在最可能的若干个词中选择；0 为关闭。"),
    "min_p": ("Min-p", "Min-p"),
    "min_p_info": (
        "Drop words less likely than this share of the likeliest one.",
        "丢弃概率低于最可能词的该比例的词。",
    ),
    "repetition_penalty": ("Repetition penalty", "重复惩罚"),
    "repetition_penalty_info": (
        "Above 1, words that occurred become less likely.",
        "大于 1 时，出现过的词更难再被选中。",
    ),
    "max_tokens": ("Longest answer", "最长回答"),
    "max_tokens_info": (
        "In tokens; a token is about three quarters of a word.",
        "以 token 计；一个汉字约一到两个 token。",
    ),
    "seed": ("Seed", "随机种子"),
    "seed_info": ("The same seed gives the same answer; empty draws a new one.", "种子相同则回答相同；留空则随机。"),
    "language_button": ("中文", "English"),
    "theme_button": ("Light / dark", "浅色 / 深色"),
    # Chat
    "chat": ("Chat", "聊天"),
    "composer": ("Message the model…", "给模型发消息…"),
    "composer_label": ("Your message", "你的消息"),
    "chat_label": ("Conversation with the model", "与模型的对话"),
    "welcome": ("How can I help?", "有什么可以帮你？"),
    "welcome_more": (
        "Chat with the base model or one of its adapters. Everything stays on this machine.",
        "与基础模型或某个适配器聊天。所有内容都留在这台机器上。",
    ),
    "example_1": ("Explain in simple words why the sky is blue", "用简单的话解释天空为什么是蓝色的"),
    "example_2": ("Write a Python function that reverses a list", "写一个把列表反转的 Python 函数"),
    "example_3": ("Give me three ideas for a rainy weekend", "给我三个雨天周末的点子"),
    "title": ("Title of the conversation", "对话标题"),
    "export_md": ("Export Markdown", "导出 Markdown"),
    "export_json": ("Export JSON", "导出 JSON"),
    "delete": ("Delete", "删除"),
    "delete_sure": ("Really delete?", "确定删除？"),
    "waiting": (
        "*Waiting for a free place: number {place} in line…*",
        "*正在排队等待，当前第 {place} 位…*",
    ),
    "thinking": ("*Reading…*", "*正在阅读…*"),
    "stopped": ("*(stopped)*", "*（已停止）*"),
    "cut": ("*(the longest answer was reached)*", "*（已达到最长回答）*"),
    "empty_answer": ("*(the model said nothing)*", "*（模型没有回答）*"),
    "meter": ("Context: {used} of {window} tokens", "上下文：已用 {used} / {window} token"),
    "meter_empty": ("Context: {window} tokens", "上下文：{window} token"),
    "left_out": (
        "The conversation is longer than the model can read: the {count} oldest messages are not sent.",
        "对话超出了模型的阅读长度：最早的 {count} 条消息未发送。",
    ),
    "speed": ("{tokens} tokens, {rate} per second", "{tokens} token，每秒 {rate} 个"),
    "error.busy_here": (
        "This conversation is being answered already. Wait for it, or press Stop.",
        "这个对话正在生成回答。请等待，或按“停止”。",
    ),
    "loading": ("Loading the model: {step}", "正在加载模型：{step}"),
    "load_failed": ("The model could not be loaded. {reason}", "模型无法加载。{reason}"),
    # Errors, by their code; those not listed are shown in English
    "error.context_overflow": (
        "This message and the system prompt take {prompt} tokens; the model reads {window}. "
        "Shorten the message or send it in parts.",
        "这条消息加上系统提示词共 {prompt} 个 token，而模型最多读取 {window} 个。请缩短消息或分几次发送。",
    ),
    "error.model_loading": (
        "The model is still loading ({step}). Please try again in a moment.",
        "模型仍在加载（{step}）。请稍后再试。",
    ),
    "error.adapter_not_found": (
        "There is no adapter named {name}. Choose another one in the sidebar.",
        "没有名为 {name} 的适配器。请在侧栏中另选一个。",
    ),
    "error.engine_busy": (
        "{waiting} requests are waiting already. Please try again in a minute.",
        "已有 {waiting} 个请求在排队。请一分钟后再试。",
    ),
    "error.engine_unavailable": ("", "模型服务没有响应。请检查它是否在运行，然后重试。"),
    "error.engine_error": ("", "模型在回答时出错。请重试；若再次出错，请查看日志。"),
    "error.not_found": ("", "没有这个对话，它可能已在另一个窗口中被删除。"),
    "error.store_full": ("", "磁盘已满。请腾出一些空间后再试；已保存的内容是安全的。"),
    "error.store_error": ("", "数据库无法使用。请检查数据文件夹的权限和磁盘。"),
    "error.internal": (
        "Something went wrong inside Banyan; the log says what. Nothing that was saved is lost.",
        "Banyan 内部出错，日志中有说明。已保存的内容没有丢失。",
    ),
    "error.bad_seed": (
        "The seed must be a whole number or empty, not {seed}.",
        "随机种子必须是整数或留空，不能是 {seed}。",
    ),
    "error.empty_message": ("The message is empty. Type something first.", "消息是空的。请先输入内容。"),
    "error.long_message": (
        "The message has {length} characters; at most {limit} can be sent at once. Send it in parts.",
        "消息有 {length} 个字符；一次最多发送 {limit} 个。请分几次发送。",
    ),
}


def text(key: str, language: Language, /, **values: object) -> str:
    """The string of `key` with its `{placeholders}` filled in. Raises `KeyError` for an unknown key."""
    chosen = STRINGS[key][LANGUAGES.index(language)]
    return chosen.format(**values) if values else chosen


def worded(keys: Iterable[str], language: Language, otherwise: str, values: Mapping[str, object]) -> str:
    """The first of the strings that the language has and whose placeholders are all known, else `otherwise`."""
    for key in keys:
        if has(key, language):
            try:
                return text(key, language).format(**values)
            except KeyError:  # a figure that this string wants is not known
                continue
    return otherwise


def has(key: str, language: Language) -> bool:
    return bool(STRINGS.get(key, ("", ""))[LANGUAGES.index(language)])


def preferred(accept_language: str | None) -> Language:
    """The language that a browser asks for first (RFC 9110, Accept-Language), English when it asks for neither."""
    wanted: list[tuple[float, Language]] = []
    for part in (accept_language or "").lower().split(","):
        tag, _, parameters = part.strip().partition(";")
        quality = parameters.strip().removeprefix("q=") or "1"
        language = next((known for known in LANGUAGES if tag.split("-")[0] == known), None)
        if language and quality.replace(".", "", 1).isdigit():
            wanted.append((float(quality), language))
    return max(wanted, key=lambda pair: pair[0])[1] if wanted else "en"
