"""The names that people give to the fields of a row, in any case: in English, Chinese and Spanish, a few in other languages."""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

_ENGLISH = {
    "question": "questions ques question_text 问题 問題 提问 提問 问 問 题目 題目 问句 用户问题 用户提问 客户问题 pregunta preguntas pergunta frage domanda вопрос 質問",
    "answer": "ans answer_text expected_answer 答案 回答 答 答句 回复 回覆 答复 答復 参考答案 標準答案 标准答案 标准回答 客服回答 客服回复 respuesta respuestas resposta réponse reponse antwort risposta ответ 回答文",
    "query": "user_input user_message user_query customer_message 用户输入 查询 查詢",
    "response": "bot_response model_output model_response assistant_response ai_response agent_reply expected_response 响应 模型输出 模型回复 模型回答",
    "instruction": "instructions 指令 指示 instrucción instruccion instrução",
    "input": "text_input input_text 输入 輸入 entrada",
    "output": "outputs output_text expected_output target_output ideal 输出 輸出 期望输出 salida saída",
    "prompt": "提示 提示词 提示詞",
    "system": "system_prompt system_message sysprompt sys 系统 系統 系统提示 系统提示词 系统消息 sistema",
    "history": "chat_history conversation_history dialog_history dialogue_history 历史 歷史 历史对话 对话历史 historial",
    "context": "上下文 背景 材料 contexto",
    "text": "texts 文本 内容 內容 句子 texto texte",
    "review": "reviews review_text 评论 評論 评价 評價 评论内容 评论文本 reseña resena opinión opinion",
    "label": "标签 標籤 类别 類別 分类 分類 标注 etiqueta categoría categoria clase class_index class_label",
    "sentiment": "情感 情绪 情緒 情感倾向 情感标签 sentimiento",
    "rating": "评分 評分 打分 星级",
    "topic": "主题 主題 话题",
    "intent": "意图 意圖",
    "premise": "前提",
    "hypothesis": "假设 假設",
    "split": "partition data_split dataset_split 数据划分 划分",
    "summary": "摘要 总结 總結 概要 resumen",
    "title": "标题 標題 título titulo",
    "source": "src source_text 原文",
    "target": "tgt target_text 译文 譯文",
    "article": "文章 正文",
    "dialogue": "dialog",
    "messages": "消息",
    "choices": "选项 選項",
    "user": "用户 用戶",
    "assistant": "助手",
    "id": "编号 編號 序号",
    "reasoning": "reasoning_content thinking thought thoughts cot complex_cot chain_of_thought 推理 思考 思考过程",
    "answer_key": "answerkey answer_index answer_idx cop correct_option 正确答案 正确选项",
    "chosen": "chosen_response preferred preferred_output preferred_response accepted response_j 更好 优选 选中 好回答",
    "rejected": "rejected_response dispreferred non_preferred_output non_preferred_response dispreferred_output response_k 更差 劣选 拒绝 坏回答",
    "image": "images image_url image_path img",
    "video": "videos",
    "audio": "audios",
}
_NOTHING = ("nan", "NaN", "<NA>", "NULL", "\\N", "#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!")
"""What programs write where there is no value: pandas, SQL, and a spreadsheet whose formula failed."""
_KNOWN = {alias: name for name, aliases in _ENGLISH.items() for alias in aliases.split()}


@lru_cache(4096)
def canonical(name: str) -> str:
    """The name under which the layouts look for a field."""
    plain = re.sub(r"[\s-]+", "_", unicodedata.normalize("NFKC", name[:100]).strip().casefold())
    return _KNOWN.get(plain, plain)


def canonical_row(values: Mapping[str, object]) -> dict[str, object]:
    """The row under canonical names; the first of two fields with one name counts, unless it is missing."""
    found: dict[str, object] = {}
    for name, value in values.items():
        plain = canonical(str(name))
        if plain not in found or is_missing(found[plain]):
            found[plain] = value
    return found


def is_missing(value: object) -> bool:
    """No value, as JSON, pandas, Arrow, SQL and spreadsheets say it."""
    if isinstance(value, str):
        return value.strip() in _NOTHING
    return value is None or (isinstance(value, float) and math.isnan(value))


def first(values: Iterable[str], names: Iterable[str]) -> str | None:
    """The first of `names` that is among `values`."""
    known = set(values)
    return next((name for name in names if name in known), None)
