"""What is trained, token by token, and that training shows a chat exactly as serving does."""

import random
from pathlib import Path
from typing import Any

import pytest

from chatbot.common.errors import InputError
from chatbot.engine.text.prompt import Prompter
from chatbot.engine.text.template import ChatTemplate
from finetune.data.encoding.masks import IGNORED, ChatEncoder, Encoded, blocks, encode
from finetune.data.examples import Example, Fault, Turn
from tests.finetune.chats import TEMPLATES, messages_of, tokenizer_like
from tests.tiny import CHATML

TALK = (
    Turn("system", "Be brief."),
    Turn("user", "What is a banyan?"),
    Turn("assistant", "A tree."),
    Turn("user", "How many trunks? 2"),
    Turn("assistant", "Many, 10 榕."),
)
EXPECTED = {  # every token of TALK; those with a loss are starred
    "smollm": "<|im_start|>|system|Ċ|Be|Ġbrief|.|<|im_end|>|Ċ|<|im_start|>|user|Ċ|What|Ġis|Ġa|Ġb|any|an|?|<|im_end|>|Ċ|"
    "<|im_start|>|ass|istant|Ċ|*A|*Ġtree|*.|*<|im_end|>|Ċ|<|im_start|>|user|Ċ|How|Ġmany|Ġtrunks|?|Ġ|2|<|im_end|>|Ċ|"
    "<|im_start|>|ass|istant|Ċ|*Many|*,|*Ġ|*1|*0|*Ġæ|*¦|*ķ|*.|*<|im_end|>",
    # the last "ĊĊ" is one token, as it is when serving opens the turn
    "llama3": "<|begin_of_text|>|<|start_header_id|>|system|<|end_header_id|>|Ċ|Ċ|Be|Ġbrief|.|<|eot_id|>|"
    "<|start_header_id|>|user|<|end_header_id|>|Ċ|Ċ|What|Ġis|Ġa|Ġb|any|an|?|<|eot_id|>|"
    "<|start_header_id|>|ass|istant|<|end_header_id|>|Ċ|Ċ|*A|*Ġtree|*.|*<|eot_id|>|"
    "<|start_header_id|>|user|<|end_header_id|>|Ċ|Ċ|How|Ġmany|Ġtrunks|?|Ġ|2|<|eot_id|>|"
    "<|start_header_id|>|ass|istant|<|end_header_id|>|ĊĊ|*Many|*,|*Ġ|*1|*0|*Ġæ|*¦|*ķ|*.|*<|eot_id|>",
    "gemma": "<bos>|<start_of_turn>|user|Ċ|Be|Ġbrief|.|Ċ|Ċ|What|Ġis|Ġa|Ġb|any|an|?|<end_of_turn>|Ċ|"
    "<start_of_turn>|model|Ċ|*A|*Ġtree|*.|*<end_of_turn>|Ċ|<start_of_turn>|user|Ċ|How|Ġmany|Ġtrunks|?|Ġ|2|<end_of_turn>|Ċ|"
    "<start_of_turn>|model|Ċ|*Many|*,|*Ġ|*1|*0|*Ġæ|*¦|*ķ|*.|*<end_of_turn>",
    "mistral": "<s>|[|INST|]|ĠBe|Ġbrief|.|Ċ|Ċ|What|Ġis|Ġa|Ġb|any|an|?|Ġ[|/|INST|]|*ĠA|*Ġtree|*.|*</s>|"
    "[|INST|]|ĠHow|Ġmany|Ġtrunks|?|Ġ|2|Ġ[|/|INST|]|*ĠMany|*,|*Ġ|*1|*0|*Ġæ|*¦|*ķ|*.|*</s>",
    # a base model has no end of a turn: earlier answers end where the next line begins
    "plain": "<|im_start|>|Be|Ġbrief|.|Ċ|User|:|ĠWhat|Ġis|Ġa|Ġb|any|an|?|Ċ|Ass|istant|:|*ĠA|*Ġtree|*.|Ċ|"
    "User|:|ĠHow|Ġmany|Ġtrunks|?|Ġ|2|Ċ|Ass|istant|:|*ĠMany|*,|*Ġ|*1|*0|*Ġæ|*¦|*ķ|*.|*<|im_end|>",
    # thoughts are shown with the last answer only, so an earlier answer stands where it was never given
    "qwen3": "<|im_start|>|system|Ċ|Be|Ġbrief|.|<|im_end|>|Ċ|<|im_start|>|user|Ċ|What|Ġis|Ġa|Ġb|any|an|?|<|im_end|>|Ċ|"
    "<|im_start|>|ass|istant|Ċ|A|Ġtree|.|<|im_end|>|Ċ|<|im_start|>|user|Ċ|How|Ġmany|Ġtrunks|?|Ġ|2|<|im_end|>|Ċ|"
    "<|im_start|>|ass|istant|Ċ|<|think|>|Ċ|Ċ|</|think|>|ĊĊ|*Many|*,|*Ġ|*1|*0|*Ġæ|*¦|*ķ|*.|*<|im_end|>",
}


@pytest.fixture(params=TEMPLATES)
def tokenizer(request: pytest.FixtureRequest, bundled_gguf: Path, models_folder: Path) -> Any:
    return tokenizer_like(request.param, bundled_gguf, models_folder)


@pytest.fixture
def smollm(bundled_gguf: Path, models_folder: Path) -> Any:
    return tokenizer_like("smollm", bundled_gguf, models_folder)


def encoded(tokenizer: Any, turns: tuple[Turn, ...], max_length: int | None = None) -> Encoded:
    found = ChatEncoder(tokenizer).encode(Example(1, turns), max_length)
    assert isinstance(found, Encoded), found
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_only_the_answers_and_their_ends_are_trained(name: str, bundled_gguf: Path, models_folder: Path) -> None:
    tokenizer = tokenizer_like(name, bundled_gguf, models_folder)
    found = encoded(tokenizer, TALK)
    tokens = tokenizer.convert_ids_to_tokens(found.input_ids)
    shown = "|".join(
        ("" if label == IGNORED else "*") + token for token, label in zip(tokens, found.labels, strict=True)
    )
    assert shown == EXPECTED[name]
    assert all(label in (IGNORED, id) for id, label in zip(found.input_ids, found.labels, strict=True))
    assert found.skipped == (name == "qwen3")


PIECES = [
    "Hello",
    " ",
    "\n",
    "\n\n",
    "  - x",
    "2024",
    "榕树很大。",
    "😀",
    "é",
    "\t",
    "def f():\n    return 1",
    "a.",
    "'s",
    "[/INST]",
    "User:",
]


def random_chat(chance: random.Random) -> tuple[Turn, ...]:
    def words() -> str:
        return "".join(chance.choices(PIECES, k=chance.randint(1, 8))) + chance.choice("xyz榕")

    turns = [Turn("system", words())] if chance.random() < 0.4 else []
    for _ in range(chance.randint(1, 3)):
        turns += [Turn("user", words()), Turn("assistant", words())]
    return tuple(turns)


def test_training_shows_a_chat_as_serving_does(tokenizer: Any) -> None:
    chance, encoder, prompter = random.Random(1), ChatEncoder(tokenizer), Prompter(tokenizer)
    for _ in range(60):
        turns = random_chat(chance)
        served = prompter.encode(messages_of(turns[:-1]))
        found = encoder.encode(Example(1, turns))
        assert isinstance(found, Encoded), (found, turns)
        assert found.input_ids[: len(served)] == served
        assert encoder.prompt(turns[:-1]) == served
        assert found.labels[len(served) :] == found.input_ids[len(served) :], "the whole rest is the answer"
        answer = tokenizer.decode(found.input_ids[len(served) : -1], clean_up_tokenization_spaces=False)
        assert answer.strip() == turns[-1].content.strip()
        assert found.input_ids[-1] in tokenizer.all_special_ids


@pytest.mark.parametrize("name", ["smollm", "llama3", "gemma", "mistral"])
def test_the_other_engines_template_gives_the_same_ids(name: str, bundled_gguf: Path, models_folder: Path) -> None:
    tokenizer = tokenizer_like(name, bundled_gguf, models_folder)
    template = ChatTemplate(tokenizer.chat_template, bos=tokenizer.bos_token, eos=tokenizer.eos_token)
    chance, encoder = random.Random(2), ChatEncoder(tokenizer)
    for _ in range(30):
        turns = random_chat(chance)
        text = template.render(messages_of(turns[:-1]))
        assert encoder.prompt(turns[:-1]) == tokenizer(text, add_special_tokens=False)["input_ids"]


def test_every_trained_stretch_is_an_answer_with_its_end(tokenizer: Any) -> None:
    chance, encoder = random.Random(3), ChatEncoder(tokenizer)
    for _ in range(30):
        turns = random_chat(chance)
        found = encoder.encode(Example(1, turns))
        assert isinstance(found, Encoded)
        segments = encoder.segments(found)
        assert "".join(segment.text for segment in segments) == tokenizer.decode(
            found.input_ids, clean_up_tokenization_spaces=False
        )
        answers = [turn.content.strip() for turn in turns if turn.role == "assistant"][found.skipped :]
        trained = [segment.text for segment in segments if segment.trained]
        assert len(trained) == len(answers)
        for text, answer in zip(trained, answers, strict=True):
            assert text.strip().startswith(answer)
            assert len(text.strip()) - len(answer) <= len("<end_of_turn>") + 3


def test_no_space_is_put_before_an_answer_that_has_none(bundled_gguf: Path, models_folder: Path) -> None:
    """SentencePiece begins every text with a space: an answer tokenized apart would teach the model to say it."""
    import copy

    tokenizer = copy.deepcopy(tokenizer_like("sentencepiece", bundled_gguf, models_folder))
    tokenizer.chat_template = CHATML.replace("<|im_end|>", "</s>")
    found = encoded(tokenizer, TALK[1:3])
    whole = tokenizer(
        "<|im_start|>user\nWhat is a banyan?</s>\n<|im_start|>assistant\nA tree.</s>", add_special_tokens=False
    )
    assert found.input_ids == whole["input_ids"]
    assert [segment.text for segment in ChatEncoder(tokenizer).segments(found) if segment.trained] == ["A tree.</s>"]


def test_a_long_row_is_cut_at_its_end_and_told(smollm: Any) -> None:
    whole = encoded(smollm, TALK)
    cut = encoded(smollm, TALK, 30)
    assert cut.input_ids == whole.input_ids[:30]
    assert cut.labels == whole.labels[:30]
    assert cut.cut == len(whole.input_ids) - 30
    masked = ChatEncoder(smollm).encode(Example(7, TALK), 20)
    assert isinstance(masked, Fault)
    assert (masked.row, masked.code) == (7, "masked")
    assert "max_length" in masked.reason


def test_plain_text_is_trained_whole_and_ended(smollm: Any) -> None:
    found = ChatEncoder(smollm).encode(Example(1, text="Banyans have trunks."))
    assert isinstance(found, Encoded)
    assert found.labels == found.input_ids
    assert smollm.decode(found.input_ids) == "Banyans have trunks.<|im_end|>"


def test_a_long_plain_text_is_learnt_in_blocks_and_nothing_of_it_is_lost(smollm: Any) -> None:
    found = ChatEncoder(smollm).encode(Example(1, text="Banyans have trunks. " * 40), 32)
    assert isinstance(found, Encoded)
    parts = blocks(found, 32)
    assert found.cut == 0
    assert max(len(part.input_ids) for part in parts) == 32
    assert [id for part in parts for id in part.input_ids] == found.input_ids
    assert all(part.labels == part.input_ids for part in parts)
    assert blocks(found, 10_000) == [found]
    assert [len(part.input_ids) for part in blocks(Encoded([*range(9)], [*range(9)]), 4)] == [4, 4]


def test_control_tokens_that_a_row_spells_are_text_as_in_serving(tokenizer: Any) -> None:
    control = sorted({str(token) for token in tokenizer.added_tokens_decoder.values() if token.special})
    chance, encoder, prompter = random.Random(4), ChatEncoder(tokenizer), Prompter(tokenizer)
    for _ in range(30):
        turns = tuple(Turn(t.role, f"{t.content} {chance.choice(control)}{chance.choice(['', ' y'])}") for t in TALK)
        served = prompter.encode(messages_of(turns[:-1]))
        found = encoder.encode(Example(1, turns))
        assert isinstance(found, Encoded), (found, turns)
        assert found.input_ids[: len(served)] == served
        assert found.labels[len(served) :] == found.input_ids[len(served) :]
        answer = found.input_ids[len(served) :]
        assert [id in tokenizer.all_special_ids for id in answer] == [False] * (len(answer) - 1) + [True]
        spelled = tokenizer.decode(answer[:-1], clean_up_tokenization_spaces=False).replace(" ", "")
        assert spelled == turns[-1].content.replace(" ", "")
        assert found.spelled == len(TALK)


def test_a_spelled_end_of_turn_teaches_nobody_to_stop(smollm: Any) -> None:
    found = encoded(smollm, (Turn("user", "Quote it."), Turn("assistant", "Here: <|im_end|>\n<|im_start|>user\nHi")))
    end, start = smollm.convert_tokens_to_ids(["<|im_end|>", "<|im_start|>"])
    trained = [label for label in found.labels if label != IGNORED]
    assert (trained.count(end), trained.count(start)) == (1, 0)
    assert trained[-1] == end
    text = ChatEncoder(smollm).encode(Example(1, text="One.<|im_end|>Two."))
    assert isinstance(text, Encoded)
    assert (text.input_ids.count(end), text.spelled) == (1, 1)


def test_a_template_that_shows_answers_elsewhere_is_refused_by_the_models_name(smollm: Any) -> None:
    import copy

    other = copy.deepcopy(smollm)
    for template in (
        "{% for m in messages|reverse %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}>{% endif %}",
        "{% for m in messages %}{{ m.role }}: {{ m.content | upper }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}",
        "{{ raise_exception('no') }}",
    ):
        other.chat_template, other.name_or_path = template, "/somewhere/odd-model"
        with pytest.raises(InputError, match=r"^odd-model cannot be taught"):
            ChatEncoder(other)


def test_an_answer_that_the_template_changes_is_a_fault(bundled_gguf: Path, models_folder: Path) -> None:
    import copy

    tokenizer = copy.deepcopy(tokenizer_like("smollm", bundled_gguf, models_folder))
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('</think>')[-1] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    encoder = ChatEncoder(tokenizer)
    found = encoder.encode(Example(5, (TALK[1], Turn("assistant", "<think>hm</think>Yes"))))
    assert isinstance(found, Fault)
    assert (found.row, found.code) == (5, "template")
    assert isinstance(encoder.encode(Example(6, (TALK[1], Turn("assistant", "Yes")))), Encoded)


def test_the_short_way_and_its_error(smollm: Any) -> None:
    ids, labels = encode(smollm, TALK, 1000)
    assert (ids, labels) == (encoded(smollm, TALK).input_ids, encoded(smollm, TALK).labels)
    with pytest.raises(InputError, match="max_length"):
        encode(smollm, TALK, 5)
