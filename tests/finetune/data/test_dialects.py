"""Rows in the dialects that people have: what is taught, what is only read, and what is refused for which reason."""

import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest

from chatbot.common.errors import InputError
from finetune.data.encoding.masks import ChatEncoder, Encoded
from finetune.data.examples import Call, Columns, Example, Fault, Turn
from finetune.data.formats import detect, read_examples
from finetune.data.layouts.columns import proposal, suggestion
from finetune.data.layouts.parts import MOST_PYTHON
from finetune.data.split import GREETING, group_of, sides
from tests.finetune.chats import bundled_tokenizer, tokenizer_like
from tests.finetune.faults import conversation, jsonl

ASK, TELL = Turn("user", "Which tree has many trunks?"), Turn("assistant", "A banyan.")
ASKED, TOLD = ASK.content, TELL.content
OPENAI: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": "Rain in Pune?"},
        {"role": "assistant", "content": None,
         "tool_calls": [{"type": "function", "function": {"name": "rain", "arguments": '{"city": "Pune"}'}}]},
        {"role": "tool", "content": "3 mm"},
        {"role": "assistant", "content": "Yes, 3 mm."},
    ],
    "tools": [{"type": "function", "function": {"name": "rain", "parameters": {"type": "object", "properties": {}}}}],
}  # fmt: skip
CALLS = {
    "openai": OPENAI,
    "functions": {
        "messages": [
            OPENAI["messages"][0],
            {"role": "assistant", "content": None, "function_call": {"name": "rain", "arguments": '{"city": "Pune"}'}},
            {"role": "function", "name": "rain", "content": "3 mm"},
            OPENAI["messages"][3],
        ],
        "functions": [OPENAI["tools"][0]["function"]],
    },
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": "Rain in Pune?"},
            {"from": "function_call", "value": '{"name": "rain", "arguments": {"city": "Pune"}}'},
            {"from": "observation", "value": "3 mm"},
            {"from": "gpt", "value": "Yes, 3 mm."},
        ],
        "tools": json.dumps([OPENAI["tools"][0]["function"]]),
    },
    "hermes": {
        "conversations": [
            {"from": "system", "value": "You are a function calling AI model. <tools>"
             + json.dumps(OPENAI["tools"]) + "</tools> Call them."},
            {"from": "human", "value": "Rain in Pune?"},
            {"from": "gpt", "value": "<tool_call>\n{'arguments': {'city': 'Pune'}, 'name': 'rain'}\n</tool_call>"},
            {"from": "tool", "value": "<tool_response>\n3 mm\n</tool_response>"},
            {"from": "gpt", "value": "Yes, 3 mm."},
        ]
    },
    "glaive": {
        "system": "SYSTEM: You are a helpful assistant with access to the following functions. Use them if required -\n"
        + json.dumps(OPENAI["tools"][0]["function"]),
        "chat": "USER: Rain in Pune?\n\n\nASSISTANT: <functioncall> {\"name\": \"rain\", \"arguments\": '{\"city\": \"Pune\"}'} "
        "<|endoftext|>\n\n\nFUNCTION RESPONSE: 3 mm\n\n\nASSISTANT: Yes, 3 mm. <|endoftext|>\n\n\n",
    },
    "gemini": {
        "contents": [
            {"role": "user", "parts": [{"text": "Rain in Pune?"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "rain", "args": {"city": "Pune"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "rain", "response": "3 mm"}}]},
            {"role": "model", "parts": [{"text": "Yes, 3 mm."}]},
        ],
        "tools": [{"functionDeclarations": [OPENAI["tools"][0]["function"]]}],
    },
    "anthropic": {
        "messages": [
            OPENAI["messages"][0],
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "rain", "input": {"city": "Pune"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "3 mm"}]},
            OPENAI["messages"][3],
        ],
        "tools": [{"name": "rain", "input_schema": {"type": "object", "properties": {}}}],
    },
    "bedrock": {
        "messages": [
            {"role": "user", "content": [{"text": "Rain in Pune?"}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "1", "name": "rain", "input": {"city": "Pune"}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "1", "content": [{"text": "3 mm"}]}}]},
            {"role": "assistant", "content": [{"text": "Yes, 3 mm."}]},
        ],
        "toolConfig": {"tools": [{"toolSpec": {"name": "rain", "inputSchema": {"json": {"type": "object", "properties": {}}}}}]},
    },
}  # fmt: skip
SCHEMA = {"type": "object", "properties": {}}
SPOKEN = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": ASKED}]
SAME = {  # one conversation in many words
    "developer": conversation(("developer", "Be brief."), ("user", ASKED), ("assistant", TOLD)),
    "parts": conversation(("system", "Be brief."), ("user", [{"type": "input_text", "text": ASKED}]),
                          ("assistant", [{"type": "output_text", "text": TOLD}])),
    "part strings": conversation(("system", ["Be brief."]), ("user", [ASKED]), ("assistant", [TOLD])),
    "bare list": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": ASKED},
                  {"role": "assistant", "content": TOLD}],
    "gemini": {"systemInstruction": {"parts": [{"text": "Be brief."}]},
               "contents": [{"role": "user", "parts": [{"text": ASKED}]}, {"role": "model", "parts": [{"text": TOLD}]}]},
    "pairs": {"conversation": [{"system": "Be brief.", "human": ASKED, "assistant": TOLD}]},
    "question": {"Question": ASKED, "Answer": TOLD, "System Prompt": "Be brief."},
    "chinese": {"问题": ASKED, "回答": TOLD, "系统提示": "Be brief."},
    "chinese alpaca": {"指令": ASKED, "输出": TOLD, "系统": "Be brief.", "输入": ""},
    "alpaca of pandas": {"instruction": ASKED, "input": float("nan"), "output": TOLD, "system": "Be brief."},
    "completion": {"prompt": ASKED, "completion": TOLD, "system": "Be brief.", "label": True},
    "llama 2": {"text": f"<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n{ASKED} [/INST] {TOLD} </s>"},
    "chatml": {"text": f"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n{ASKED}<|im_end|>\n"
               f"<|im_start|>assistant\n{TOLD}<|im_end|>"},
    "llama 3": {"text": "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user"
                f"<|end_header_id|>\n\n{ASKED}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{TOLD}<|eot_id|>"},
    "guanaco": {"text": f"### System: Be brief.\n### Human: {ASKED}\n### Assistant: {TOLD}"},
    "guanaco on one line": {"text": f"### System: Be brief.### Human: {ASKED}### Assistant: {TOLD}"},
    "spanish": {"Pregunta": ASKED, "Respuesta": TOLD, "Sistema": "Be brief."},
    "threads": conversation(("system", [{"type": "text", "text": {"value": "Be brief."}}]),
                            ("user", [{"type": "text", "text": {"value": ASKED, "annotations": []}}]),
                            ("assistant", [{"type": "refusal", "refusal": TOLD}])),
    "bedrock": {"system": [{"text": "Be brief."}], "messages": [{"role": "user", "content": [{"text": ASKED}]},
                                                               {"role": "assistant", "content": [{"text": TOLD}]}]},
    "authors": {"messages": [{"author": turn["role"], "content": turn["content"]} for turn in SPOKEN]
                + [{"author": "bot", "content": TOLD}]},
    "written by pandas": {"messages": str([*SPOKEN, {"role": "assistant", "content": TOLD}])},
    "a prompt of turns": {"prompt": SPOKEN, "completion": TOLD},
    "a written prompt of turns": {"prompt": json.dumps(SPOKEN), "completion": {"role": "assistant", "content": TOLD}},
    "an input of turns": {"input": SPOKEN, "ideal": TOLD},
    "vicuna": {"text": f"Be brief. USER: {ASKED} ASSISTANT: {TOLD}</s>"},
    "llama 4": {"text": f"<|begin_of_text|><|header_start|>system<|header_end|>\n\nBe brief.<|eot|><|header_start|>user<|header_end|>"
                f"\n\n{ASKED}<|eot|><|header_start|>assistant<|header_end|>\n\n{TOLD}<|eot|>"},
    "deepseek": {"text": f"<｜begin▁of▁sentence｜>Be brief.<｜User｜>{ASKED}<｜Assistant｜>{TOLD}<｜end▁of▁sentence｜>"},
    "command r": {"text": "".join(f"<|START_OF_TURN_TOKEN|><|{role}_TOKEN|>{said}<|END_OF_TURN_TOKEN|>" for role, said in
                                  (("SYSTEM", "Be brief."), ("USER", ASKED), ("CHATBOT", TOLD)))},
    "mistral's system": {"text": f"<s>[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST]{ASKED}[/INST]{TOLD}</s>"},
    "objects of text": conversation(("system", {"text": "Be brief."}), ("user", {"text": ASKED}), ("assistant", {"value": TOLD})),
    "chat messages": {"uuid": "x", "chat_messages": [{"sender": "system", "text": "Be brief."}, {"sender": "human", "text": ASKED},
                                                     {"sender": "assistant", "text": TOLD}]},
    "marks of sentences": {"text": f"<s>System: Be brief.\n</s><s>Human: {ASKED}\n</s><s>Assistant: {TOLD}\n</s>"},
}  # fmt: skip
TURNS = {
    "history": ({"query": ASKED, "response": TOLD, "history": [["Hi", "Hello"]]},
                (Turn("user", "Hi"), Turn("assistant", "Hello"), ASK, TELL)),
    "assistant first": (conversation(("assistant", "Hello"), ("user", ASKED), ("assistant", TOLD)),
                        (Turn("assistant", "Hello", taught=False), ASK, TELL)),
    "two turns of one role": (conversation(("user", "Which tree"), ("user", "has many trunks?"), ("assistant", TOLD)),
                              (Turn("user", "Which tree\n\nhas many trunks?"), TELL)),
    "a weight": ({"messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": "Bad.", "weight": 0},
                               {"role": "user", "content": "Again"}, {"role": "assistant", "content": TOLD}]},
                 (ASK, Turn("assistant", "Bad.", taught=False), Turn("user", "Again"), TELL)),
    "a last answer not to be taught": (
        {"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": TOLD},
                           {"from": "human", "value": "Sure?"}, {"from": "gpt", "value": "No.", "train": False}]},
        (ASK, TELL)),
    "dolly": ({"instruction": ASKED, "context": "Banyans have trunks.", "response": TOLD},
              (Turn("user", f"{ASKED}\n\nBanyans have trunks."), TELL)),
    "squad": ({"context": "Banyans have trunks.", "question": ASKED, "answers": {"text": [TOLD, "x"], "answer_start": [0, 1]}},
              (Turn("user", f"Banyans have trunks.\n\n{ASKED}"), TELL)),
    "choices": ({"question": "Trunks?", "choices": {"text": ["one", "many"], "label": ["A", "B"]}, "answerKey": "B"},
                (Turn("user", "Trunks?\n\nA. one\nB. many"), Turn("assistant", "B. many"))),
    "choices of columns": ({"question": "Trunks?", "A": "one", "B": "many", "answer": "B"},
                           (Turn("user", "Trunks?\n\nA. one\nB. many"), Turn("assistant", "B. many"))),
    "choices by number": ({"question": "Trunks?", "choices": ["one", "many"], "answer": 1},
                          (Turn("user", "Trunks?\n\nA. one\nB. many"), Turn("assistant", "B. many"))),
    "choices under letters": ({"question": "Trunks?", "options": "A) one B) many", "answer": "B. many"},
                              (Turn("user", "Trunks?\n\nA. one\nB. many"), Turn("assistant", "B. many"))),
    "choices with letters": ({"question": "Trunks?", "options": ["A)one", "B)many"], "correct": "B"},
                             (Turn("user", "Trunks?\n\nA. one\nB. many"), Turn("assistant", "B. many"))),
    "choices that begin with letters": ({"question": "Which?", "choices": ["U.S.", "A. many"], "answer": 0},
                                        (Turn("user", "Which?\n\nA. U.S.\nB. A. many"), Turn("assistant", "A. U.S."))),
    "a choice by its column": ({"question": "Trunks?", "Option A": "one", "Option B": "many", "correct": "option_b"},
                               (Turn("user", "Trunks?\n\nA. one\nB. many"), Turn("assistant", "B. many"))),
    "chinese choices": ({"问题": "Trunks?", "选项": ["one", "many"], "正确答案": "B"},
                        (Turn("user", "Trunks?\n\nA. one\nB. many"), Turn("assistant", "B. many"))),
    "a masked turn": ({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Bad.", "mask": True},
                                    {"role": "user", "content": ASKED}, {"role": "assistant", "content": TOLD}]},
                      (Turn("user", "Hi"), Turn("assistant", "Bad.", taught=False), ASK, TELL)),
    "what chatgpt exports": (
        {"title": "x", "current_node": "d", "mapping": {
            name: {"id": name, "parent": parent, "children": [], "message": role and {"author": {"role": role}, "content": {"content_type": kind, "parts": [said]}}}
            for name, parent, role, kind, said in (
                ("r", None, None, "", ""), ("s", "r", "system", "text", ""), ("a", "s", "user", "text", ASKED), ("b", "a", "assistant", "text", "An oak."),
                ("c", "a", "assistant", "thoughts", "Hm."), ("t", "c", "tool", "text", "found"), ("d", "t", "assistant", "text", TOLD))}},
        (ASK, TELL)),
    "a tree of openassistant": (
        {"message_tree_id": "x", "prompt": {"text": ASKED, "role": "prompter", "replies": [
            {"text": "An oak.", "role": "assistant", "rank": 1, "replies": []}, {"text": TOLD, "role": "assistant", "rank": 0, "replies": []}]}},
        (ASK, TELL)),
    "numbered turns of moss": (
        {"conversation_id": "1", "meta_instruction": "You are MOSS.", "chat": {"turn_1": {
            "Human": f"<|Human|>: {ASKED}<eoh>\n", "Commands": "<|Commands|>: None<eoc>\n", "MOSS": f"<|MOSS|>: {TOLD}<eom>\n"}}},
        (ASK, TELL)),
    "a question that says none to no tool of moss": (
        {"chat": {"turn_1": {"Human": ASKED, "Commands": "None", "MOSS": TOLD}}}, (ASK, TELL)),
    "a reply of openassistant that was taken back": (
        {"prompt": {"text": ASKED, "role": "prompter", "replies": [
            {"text": "An oak.", "role": "assistant", "rank": 0, "deleted": True, "replies": []},
            {"text": TOLD, "role": "assistant", "rank": 1, "replies": [{"text": "Thanks!", "role": "prompter", "replies": []}]}]}},
        (ASK, TELL)),
    "boxes of langsmith whose fields have plain names": ({"inputs": {"input": ASKED}, "outputs": {"output": TOLD}}, (ASK, TELL)),
    "a system text in a box of langsmith": (
        {"inputs": {"messages": [{"role": "user", "content": ASKED}], "system": "Be brief."}, "outputs": {"output": {"role": "assistant", "content": TOLD}}},
        (Turn("system", "Be brief."), ASK, TELL)),
    "texts of ultrachat": ({"id": "0", "data": [ASKED, TOLD]}, (ASK, TELL)),
    "boxes of langsmith": ({"inputs": {"question": ASKED}, "outputs": {"answer": TOLD}, "metadata": {"split": "x"}}, (ASK, TELL)),
    "messages of langsmith": (
        {"inputs": {"messages": [{"role": "user", "content": ASKED}]}, "outputs": {"message": {"role": "assistant", "content": TOLD}}}, (ASK, TELL)),
    "messages of langchain": (
        {"inputs": {"input": [{"type": "human", "data": {"content": ASKED}}]}, "outputs": {"output": {"type": "ai", "data": {"content": TOLD}}}},
        (ASK, TELL)),
    "question and answer in a text": ({"text": f"Question: {ASKED}\nAnswer: {TOLD}"}, (ASK, TELL)),
    "a prompt of phi": ({"text": f"Instruct: {ASKED}\nOutput: {TOLD}"}, (ASK, TELL)),
    "question and answer in chinese": ({"text": f"问：{ASKED}\n答：{TOLD}"}, (ASK, TELL)),
    "the winner of two": ({"prompt": ASKED, "response_a": "An oak.", "response_b": TOLD, "winner": "model_b"}, (ASK, TELL)),
    "the better of two by number": ({"prompt": ASKED, "response_0": "An oak.", "response_1": TOLD, "better_response_id": 1}, (ASK, TELL)),
    "the first of a and b by number": ({"question": ASKED, "answer_a": TOLD, "answer_b": "An oak.", "winner": 0}, (ASK, TELL)),
    "a worse answer beside the one that is taught": (
        {**conversation(("user", ASKED), ("assistant", TOLD)), "rejected_response": "An oak."}, (ASK, TELL)),
    "code for a text": ({"text": ASKED, "code": TOLD, "test_list": ["x"]}, (ASK, TELL)),
    "pairs of stack exchange": ({"question": ASKED, "response_j": TOLD, "response_k": "An oak."}, (ASK, TELL)),
    "alternating texts": ({"conversations": [ASKED, TOLD]}, (ASK, TELL)),
    "what something weighs": ({"question": ASKED, "answer": TOLD, "weight": 12.5}, (ASK, TELL)),
    "a conversation that is talked about": (
        {"instruction": "Sum up: USER: Hi ASSISTANT: Hello USER: Bye", "output": "A greeting."},
        (Turn("user", "Sum up: USER: Hi ASSISTANT: Hello USER: Bye"), Turn("assistant", "A greeting."))),
    "a call as the answer": (
        {"query": "Rain?", "answers": '[{"name": "rain", "arguments": {"city": "Pune"}}]', "tools": '[{"name": "rain"}]'},
        (Turn("user", "Rain?"), Turn("assistant", "", (Call("rain", '{"city": "Pune"}'),)))),
}  # fmt: skip
REFUSED: dict[str, tuple[object, str]] = {
    "a row of weight 0": ({"instruction": ASKED, "output": TOLD, "weight": 0}, "not_taught"),
    "a row of weight 0 in a table": ({"question": ASKED, "answer": TOLD, "weight": 0}, "not_taught"),
    "a row that is to be skipped": ({"prompt": ASKED, "completion": TOLD, "skip": True}, "not_taught"),
    "two answers that tie": ({"prompt": ASKED, "response_a": TOLD, "response_b": "An oak.", "winner": "tie"}, "no_preference"),
    "what pandas writes for nothing": ({"instruction": ASKED, "output": "nan"}, "empty_answer"),
    "a formula that failed": ({"question": ASKED, "answer": "#N/A"}, "empty_answer"),
    "half a weight": ({"messages": [{"role": "user", "content": ASKED},
                                    {"role": "assistant", "content": TOLD, "weight": 0.5}]}, "not_taught"),
    "no taught answer": ({"messages": [{"role": "user", "content": ASKED},
                                       {"role": "assistant", "content": TOLD, "train": False}]}, "not_taught"),
    "a picture": ({**conversation(("user", ASKED), ("assistant", TOLD)), "images": ["a.png"]}, "needs_image"),
    "a picture's part": (conversation(("user", [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "?"}]),
                                      ("assistant", TOLD)), "needs_image"),
    "a picture's place": (conversation(("user", "<image>\nWho?"), ("assistant", TOLD)), "needs_image"),
    "nothing but NaN": ({"instruction": ASKED, "output": float("nan")}, "empty_answer"),
    "a message of openassistant by itself": ({"message_id": "a", "parent_id": None, "text": ASKED, "role": "prompter"}, "unmapped"),
    "a tool of moss": ({"chat": {"turn_1": {"Human": ASKED, "Commands": '<|Commands|>: Search("x")<eoc>', "MOSS": TOLD}}}, "not_turns"),
    "a tool of moss that is asked for none": (
        {"chat": {"turn_1": {"Human": ASKED, "Commands": '<|Commands|>: Search("none")<eoc>', "MOSS": TOLD}}}, "not_turns"),
    "texts that are no conversation": ({"id": "0", "label": "x", "data": [ASKED, TOLD]}, "unmapped"),
    "an odd number of texts": ({"id": "0", "data": [ASKED, TOLD, ASKED]}, "unmapped"),
    "a missing choice": ({"question": "Trunks?", "choices": ["one", "many"], "answer": -1}, "no_choice"),
    "equal preferences": ({"prompt": ASKED, "chosen": TOLD, "rejected": TOLD}, "same_answers"),
    "half a template": ({"text": f"[INST] {ASKED}"}, "markers"),
    "a call without a name": (conversation(("user", ASKED), ("assistant", TOLD))
                              | {"tools": [{"type": "function", "function": {}}]}, "tool_call"),
    "an answer that nobody asked for": (conversation(("user", ASKED), ("tool", "3"), ("assistant", TOLD)), "role_order"),
}  # fmt: skip


def read(path: Path) -> list[Example | Fault]:
    return list(read_examples(path, detect(path)))


def one(row: object, folder: Path) -> Example | Fault:
    first, second = read(jsonl(folder / "a.jsonl", [row, row]))
    assert first.row == 1
    assert second.row == 2
    return first


@pytest.mark.parametrize("name", SAME)
def test_one_conversation_in_many_words(name: str, tmp_path: Path) -> None:
    found = one(SAME[name], tmp_path)
    assert isinstance(found, Example), found
    assert found.turns == (Turn("system", "Be brief."), ASK, TELL)


def test_a_worse_answer_makes_a_preference_and_a_word_for_yes_or_no_does_not(tmp_path: Path) -> None:
    row = conversation(("user", ASKED), ("assistant", TOLD))
    for told in (
        {**row, "rejected_response": "An oak."},
        {"query": ASKED, "response": TOLD, "rejected_response": "An oak."},
    ):
        found = one(told, tmp_path)
        assert isinstance(found, Example), found
        assert found.rejected == Turn("assistant", "An oak.")
    for said in ("", None, "false", False):
        found = one({**row, "rejected": said}, tmp_path)
        assert isinstance(found, Example), found
        assert (found.turns, found.rejected) == ((ASK, TELL), None)


def test_fields_of_one_name_in_both_boxes_of_langsmith_are_two(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a.jsonl", [{"inputs": {"text": ASKED, "page": n}, "outputs": {"text": TOLD}} for n in "ab"]
    )
    assert detect(path).columns == ("input_text", "page", "output_text")


def test_the_languages_of_a_translation_are_columns(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [{"id": n, "translation": {"en": f"Tree {n}", "de": f"Baum {n}"}} for n in "ab"])
    assert detect(path).columns == ("id", "en", "de")
    first = next(read_examples(path, detect(path), Columns("{en}", "{de}")))
    assert isinstance(first, Example)
    assert [turn.content for turn in first.turns] == ["Tree a", "Baum a"]


@pytest.mark.parametrize("name", TURNS)
def test_turns_that_come_of_a_row(name: str, tmp_path: Path) -> None:
    row, turns = TURNS[name]
    found = one(row, tmp_path)
    assert isinstance(found, Example), found
    assert found.turns == turns
    assert Example.from_dict(1, json.loads(json.dumps(found.to_dict()))).turns == turns


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_taught_is_refused_by_its_reason(name: str, tmp_path: Path) -> None:
    row, code = REFUSED[name]
    found = one(row, tmp_path)
    assert isinstance(found, Fault), found
    assert found.code == code


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": ASKED, "completion": TOLD, "label": False},
        {**conversation(("user", ASKED), ("assistant", TOLD)), "kto_tag": "false"},
    ],
)
def test_a_bad_answer_is_known_as_one(row: object, tmp_path: Path) -> None:
    found = one(row, tmp_path)
    assert isinstance(found, Example), found
    assert found.liked is False


@pytest.mark.parametrize("name", CALLS)
def test_tool_calls_of_every_dialect_are_one(name: str, tmp_path: Path) -> None:
    found = one(CALLS[name], tmp_path)
    assert isinstance(found, Example), found
    assert [(turn.role, turn.content) for turn in found.turns] == [
        ("user", "Rain in Pune?"), ("assistant", ""), ("tool", "3 mm"), ("assistant", "Yes, 3 mm."),
    ]  # fmt: skip
    [call] = found.turns[1].calls
    assert (call.name, json.loads(call.arguments)) == ("rain", {"city": "Pune"})
    [tool] = json.loads(found.tools)
    assert (tool["function"]["name"], tool["function"]["parameters"]) == ("rain", SCHEMA)
    assert Example.from_dict(1, found.to_dict()) == Example(1, found.turns, tools=found.tools)


TOOLED = (  # as Qwen 2.5 has it, in short
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}{% endfor %}<|im_end|>\n{% endif %}"
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n"
    "</think>\n\n{% endif %}{{ m.content }}{% for c in m.tool_calls or [] %}<call>{{ c.function.name }}"
    "{{ c.function.arguments | tojson }}</call>{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tooled(gguf: Path, models: Path) -> Any:
    import copy

    tokenizer = copy.deepcopy(bundled_tokenizer(gguf, models))
    tokenizer.chat_template = TOOLED
    return tokenizer


def test_calls_thoughts_and_weights_are_masked_right(bundled_gguf: Path, models_folder: Path, tmp_path: Path) -> None:
    encoder = ChatEncoder(tooled(bundled_gguf, models_folder))
    found = one(OPENAI, tmp_path)
    assert isinstance(found, Example)
    encoded = encoder.encode(found)
    assert isinstance(encoded, Encoded), encoded
    assert [segment.text for segment in encoder.segments(encoded) if segment.trained] == [
        '<call>rain{"city": "Pune"}</call><|im_end|>', "Yes, 3 mm.<|im_end|>",
    ]  # fmt: skip
    thought = Example(1, (ASK, Turn("assistant", "A banyan.", thought="Figs drop roots.")))
    encoded = encoder.encode(thought)
    assert isinstance(encoded, Encoded)
    [taught] = [segment.text for segment in encoder.segments(encoded) if segment.trained]
    assert taught == "<think>\nFigs drop roots.\n</think>\n\nA banyan.<|im_end|>"
    unweighted = Example(1, (ASK, Turn("assistant", "Bad.", taught=False), Turn("user", "Again"), TELL))
    encoded = encoder.encode(unweighted)
    assert isinstance(encoded, Encoded)
    assert [segment.text for segment in encoder.segments(encoded) if segment.trained] == ["A banyan.<|im_end|>"]


@pytest.mark.parametrize("name", ["smollm", "plain", "mistral"])
def test_a_template_without_a_place_for_it_refuses_tools_and_thoughts(
    name: str, bundled_gguf: Path, models_folder: Path, tmp_path: Path
) -> None:
    encoder = ChatEncoder(tokenizer_like(name, bundled_gguf, models_folder))
    found = one(OPENAI, tmp_path)
    assert isinstance(found, Example)
    refused = [encoder.encode(found), encoder.encode(Example(1, (ASK, Turn("assistant", "A banyan.", thought="Hm."))))]
    assert [fault.code for fault in refused if isinstance(fault, Fault)] == ["tool_call", "reasoning"]


# Files

ROW = {"instruction": ASKED, "output": TOLD}
FILES = {
    "columns of pandas": {name: {str(at): value for at in range(3)} for name, value in ROW.items()},
    "lists of columns": {name: [value] * 3 for name, value in ROW.items()},
    "split of pandas": {"columns": [*ROW], "index": [0, 1, 2], "data": [[*ROW.values()]] * 3},
    "rows by number": {str(at): ROW for at in range(3)},
    "metadata before the rows": {"version": 2, "authors": ["x", "y"], "info": {"a": [1]}, "data": [ROW] * 3},
    "conversations": [[{"role": "user", "content": ASKED}, {"role": "assistant", "content": TOLD}]] * 3,
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", FILES)
def test_json_of_every_shape(name: str, indent: int | None, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(FILES[name], indent=indent), "utf-8")
    assert [example.turns for example in read(path) if isinstance(example, Example)] == [(ASK, TELL)] * 3


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize("joint", ["\n", "", ",\n"])
def test_objects_one_after_another(joint: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(joint.join(json.dumps(ROW, indent=2) for _ in range(3)), "utf-8")
    assert [example.turns for example in read(path) if isinstance(example, Example)] == [(ASK, TELL)] * 3


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a"])
@pytest.mark.parametrize(
    "around", ['{{"version": 1, "data": [\n{}\n]}}', '{{\n "version": 1,\n "rows": [\n  {}\n ]\n}}', "{},", "{}"]
)
def test_rows_one_a_line_with_whatever_is_left_of_what_stood_around_them(
    around: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(around.format(",\n".join([json.dumps(ROW)] * 3)), "utf-8")
    assert [example.turns for example in read(path) if isinstance(example, Example)] == [(ASK, TELL)] * 3


@pytest.mark.parametrize("field", ["id", "weight", "content"])
def test_a_turn_may_begin_with_any_of_its_fields(field: str, tmp_path: Path) -> None:
    turns = [{field: 1, **turn} for turn in conversation(("user", ASKED), ("assistant", TOLD))["messages"]]  # type: ignore[attr-defined]
    path = tmp_path / "a.json"
    path.write_text("\n".join(json.dumps({"messages": turns}, indent=1) for _ in range(3)), "utf-8")
    assert [example.turns for example in read(path) if isinstance(example, Example)] == [(ASK, TELL)] * 3


@pytest.mark.parametrize(("length", "code"), [(MOST_PYTHON, ""), (MOST_PYTHON + 1, "not_turns")])
def test_long_turns_are_read_from_json_and_not_from_python(length: int, code: str, tmp_path: Path) -> None:
    turns = [{"role": "user", "content": ""}, {"role": "assistant", "content": TOLD}]
    turns[0]["content"] = "a" * (length - len(str(turns)))
    found = one({"messages": str(turns)}, tmp_path)
    assert (found.code if isinstance(found, Fault) else "") == code
    assert isinstance(one({"messages": json.dumps(turns)}, tmp_path), Example)


@pytest.mark.parametrize("names", [("train", "test"), ("validation", "train"), ("test", "train")])
def test_lists_of_a_split_teach_and_judge_as_they_are_called(names: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps({name: [{"prompt": f"{name} {at}", "completion": "x"} for at in range(4)] for name in names})
    )
    rows = [row for row in read(path) if isinstance(row, Example)]
    parted = sides(((group_of(row), row.split) for row in rows), 0.1, 0)
    assert {row.prompt[0].content.split()[0] for row in rows if not parted.holds_out(row)} == {"train"}
    assert sum(map(parted.holds_out, rows)) == 4
    table = jsonl(
        tmp_path / "b.jsonl",
        [{"prompt": str(at), "completion": "x", "split": "dev" if at % 2 else "train"} for at in range(6)],
    )
    rows = [row for row in read(table) if isinstance(row, Example)]
    parted = sides(((group_of(row), row.split) for row in rows), 0.1, 0)
    assert [parted.holds_out(row) for row in rows] == [False, True] * 3


def test_files_of_different_layouts_are_one_data_set(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("a.csv", f"prompt,completion\n{ASKED},{TOLD}\n")
        made.writestr("b.jsonl", json.dumps(conversation(("user", ASKED), ("assistant", TOLD))) + "\n")
        made.writestr("c.jsonl", json.dumps({"instruction": ASKED, "output": TOLD, "note": "x"}) + "\n")
    assert [item.turns if isinstance(item, Example) else item for item in read(tmp_path / "a.zip")] == [(ASK, TELL)] * 3
    assert detect(tmp_path / "a.zip").unused == ("note",)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("gb18030", "你好吗？,我很好"), ("cp1252", "Où est-il ?,Là-bas"), ("cp1251", "где он?,да там")],
)
def test_an_old_encoding_is_guessed_of_few_words_only_where_no_other_has_them(
    encoding: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"question,answer\n{words}\n".encode(encoding))
    found = read(path)[0]
    assert (found.turns[0].content if isinstance(found, Example) else found.code) == (
        "你好吗？" if encoding == "gb18030" else "encoding"
    )
    path.write_bytes("вопрос,ответ\n".encode("cp1251"))
    with pytest.raises(InputError, match="UTF-8"):
        detect(path)


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_a_spreadsheet_says_what_parts_its_cells(sign: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'sep={sign}\nPrompt{sign}Completion\n"a{sign} b"{sign}c, d\n', "utf-8")
    [example] = read(path)
    assert isinstance(example, Example)
    assert (example.row, example.prompt[0].content, example.answer) == (3, f"a{sign} b", "c, d")


def test_sheets_of_one_table_are_one_data_set_and_another_is_told(tmp_path: Path) -> None:
    head = ["Prompt", "Completion"]
    sheets = {
        "train": [head, *([f"Which {answer}?", answer] for answer in "abc")],
        "test": [head, ["Which d?", "d"]],
        "notes": [["who", "when", "what"], ["Ada", "today", "made it"], ["Bo", "later", "read it"]],
    }
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx")
    assert [(row.row, row.split) for row in found if isinstance(row, Example)] == [
        (2, "train"), (3, "train"), (4, "train"), (6, "validation"),
    ]  # fmt: skip
    assert [(row.row, "notes" in row.reason) for row in found if isinstance(row, Fault)] == [(8, True)]


def test_classes_of_a_saved_data_set_are_taught_by_their_names(tmp_path: Path) -> None:
    features = {
        "label": {"names": ["bad", "good"], "_type": "ClassLabel"},
        "text": {"dtype": "string", "_type": "Value"},
    }
    table = pyarrow.table({"text": ["a", "b", "c"], "label": [1, 0, -1]})
    told = json.dumps({"info": {"features": features}}).encode()
    pyarrow.parquet.write_table(table.replace_schema_metadata({b"huggingface": told}), tmp_path / "a.parquet")
    assert [row.answer for row in read(tmp_path / "a.parquet") if isinstance(row, Example)] == ["good", "bad", "-1"]


@pytest.mark.parametrize(
    ("names", "prompt", "completion"),
    [
        (("review", "sentiment"), "{review}", "{sentiment}"),
        (("Premise", "Hypothesis", "Label"), "{Premise}\n\n{Hypothesis}", "{Label}"),
        (("评论", "情感"), "{评论}", "{情感}"),
        (("title", "content", "label"), "{title}\n\n{content}", "{label}"),
        (("passage", "question", "answer"), "{passage}\n\n{question}", "{answer}"),
        (("原文", "译文"), "{原文}", "{译文}"),
        (("用户问题", "客服回复"), "{用户问题}", "{客服回复}"),
        (("评论文本", "评分"), "{评论文本}", "{评分}"),
        (("前提", "假设", "标签"), "{前提}\n\n{假设}", "{标签}"),
        (("input_text", "output_text"), "{input_text}", "{output_text}"),
    ],
)
def test_columns_that_say_what_they_are(names: tuple[str, ...], prompt: str, completion: str) -> None:
    found = suggestion(names)
    assert found
    assert (found.prompt, found.completion) == (prompt, completion)


def test_columns_that_say_nothing_are_asked_for_with_a_proposal() -> None:
    assert suggestion(("en", "fr")) is suggestion(("tokens", "tags")) is None
    rows = [{"en": "tree", "fr": ["arbre"], "id": at, "near": at / 7} for at in range(8)]
    found = proposal(("en", "fr", "id", "near"), rows)
    assert found
    assert (found.prompt, found.completion) == ("{en}", "{fr}")
    rows = [{"kind": "ab"[at % 2], "note": f"A long note, number {at}."} for at in range(12)]
    found = proposal(("kind", "note"), rows)
    assert found
    assert (found.prompt, found.completion) == ("{note}", "{kind}")


@pytest.mark.parametrize(("greeting", "together"), [("x" * (GREETING - 1), False), ("x" * GREETING, True)])
def test_conversations_that_begin_with_a_greeting_are_told_apart_by_what_follows(greeting: str, together: bool) -> None:
    first, second = (
        Example(1, (Turn("user", greeting), Turn("assistant", "Hello"), Turn("user", asked), TELL))
        for asked in ("A?", "B?")
    )
    assert (group_of(first) == group_of(second)) == together
