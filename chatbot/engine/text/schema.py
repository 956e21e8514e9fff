"""JSON Schemas to which an answer is held, as llguidance reads them: llama.cpp is built with it, and `local` calls it.

https://github.com/guidance-ai/llguidance/blob/main/docs/json_schema.md lists what it knows; the rest it refuses.
"""

import json
from functools import lru_cache
from typing import Any

from chatbot.common.errors import InputError

# A line break and its indentation, or the spaces within a line: a small model may else write white space until it has to end.
WHITE = {"whitespace_pattern": r"\n?[ ]{0,32}"}


def held(schema: str) -> dict[str, Any]:
    """The schema with what llguidance is to know besides. Raises `InputError` where an answer cannot be held to it."""
    _check(schema)
    record = json.loads(schema)
    return {**(record if isinstance(record, dict) else {}), "x-guidance": WHITE}


@lru_cache(64)
def _check(schema: str) -> None:
    import llguidance  # compiled, and of use to requests with a schema only

    try:
        json.loads(schema)
        fault = llguidance.LLMatcher.validate_grammar(llguidance.LLMatcher.grammar_from_json_schema(schema), None)
    except ValueError as error:
        fault = str(error)
    if fault:
        raise InputError(
            f"The JSON Schema cannot be used: {fault}.", kind="schema_unusable", reason=fault, param="response_format"
        )
