"""What all bodies of `/v1` have in common: how they are read, and what becomes of fields that are not ours.

A field that is not known is passed over, with a line in the log, as OpenAI's servers do: programs send what other servers know.
One that is known to change the answer and that cannot be honoured is refused by name, unless it is at rest.
"""

import logging
import re
from collections.abc import Iterator
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from chatbot.common.errors import InputError

_log = logging.getLogger(__name__)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_LONGEST_LINE = 300  # characters of names in the log: they come from strangers
_AT_REST: dict[str, tuple[object, ...]] = {  # besides null, false, 0 and what is empty
    # OpenAI
    **dict.fromkeys(("functions", "audio", "web_search_options"), ()),
    "function_call": ("none", "auto"),
    "modalities": (["text"],),
    "best_of": (1,),
    "suffix": (),
    # vLLM, SGLang
    **dict.fromkeys(("guided_json", "guided_regex", "guided_choice", "guided_grammar", "structured_outputs"), ()),
    **dict.fromkeys(("regex", "ebnf", "min_tokens", "ignore_eos", "use_beam_search", "bad_words"), ()),
    **dict.fromkeys(("stop_token_ids", "logits_processors", "prompt_logprobs", "truncate_prompt_tokens"), ()),
    **dict.fromkeys(("include_stop_str_in_output", "chat_template", "documents"), ()),
    "chat_template_kwargs": ({"enable_thinking": False},),
    "length_penalty": (1,),
    # llama-server, Ollama
    **dict.fromkeys(("grammar", "json_schema", "mirostat", "dynatemp_range", "dry_multiplier", "xtc_probability"), ()),
    "typical_p": (1,),
    "images": (),
}

Body = TypeVar("Body", bound=BaseModel)


def _clean(value: object) -> object:
    if isinstance(value, str) and (found := _CONTROL.search(value)):
        raise ValueError(f"the text holds the control character U+{ord(found[0]):04X}; please remove it")
    return value


Text = Annotated[str, BeforeValidator(_clean)]


class Fields(BaseModel):
    """Part of a body; keeps what is not known, so that it can be told."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)


def parse(kind: type[Body], body: bytes) -> Body:
    """Read a request. Raises `InputError` whose detail `param` names the field at fault."""
    try:
        read = kind.model_validate_json(body)
    except ValidationError as error:
        raise _fault(error.errors(include_url=False, include_context=False, include_input=False)) from None
    _tell(dict(_unknown(read)))
    return read


def _tell(unknown: dict[str, object]) -> None:
    for name, value in unknown.items():
        leaf = name.rpartition(".")[2]
        if value and leaf in _AT_REST and value not in _AT_REST[leaf]:
            raise InputError(
                f"“{name}” would change the answer, and Banyan cannot honour it; please leave it out.", param=name
            )
    if unknown:
        _log.info("/v1: passed over %s", ascii(sorted(unknown))[:_LONGEST_LINE])


def _unknown(part: object, path: str = "") -> Iterator[tuple[str, object]]:
    """The fields that are not ours, wherever they stand."""
    if isinstance(part, BaseModel):
        yield from ((f"{path}{name}", value) for name, value in (part.model_extra or {}).items())
        for name in type(part).model_fields:
            yield from _unknown(getattr(part, name), f"{path}{name}.")
    elif isinstance(part, list):
        for place, each in enumerate(part):
            yield from _unknown(each, f"{path}{place}.")


def _fault(errors: list[ErrorDetails]) -> InputError:
    """The most telling of pydantic's complaints: the one that got deepest into a union."""
    first = max(errors, key=lambda error: len(error["loc"]))
    field = ".".join(str(part) for part in first["loc"] if not _is_variant(part)) or None
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        return InputError(f"The body is not valid JSON in UTF-8: {reason}.")
    return InputError(f"{field or 'The request'} is not valid: {reason}.", param=field)


def _is_variant(part: int | str) -> bool:
    """pydantic puts the tried member of a union into the path; people know no such field."""
    return isinstance(part, str) and bool(re.match(r"str$|list\[|function-before|[A-Z]|function-", part))
