"""The records of llama.cpp's server, read as an answer."""

import threading
from collections.abc import Iterator

from chatbot.common.errors import EngineError
from chatbot.engine.llamacpp.server import Record
from chatbot.types import Chunk, FinishReason, TokenLogprob, Usage


def chunks(records: Iterator[Record], prompt: int, stop: threading.Event | None) -> Iterator[Chunk]:
    made = 0
    finish: FinishReason | None = None
    for record in records:
        if stop and stop.is_set():  # also when the answer's end is in the inbox already: nobody wants it any more
            break
        choice = record["choices"][0]
        count = int(record.get("timings", {}).get("predicted_n", made))
        if "usage" in record:
            count = int(record["usage"]["completion_tokens"])
        finish = choice["finish_reason"] or finish
        logprobs = tuple(map(logprob, (choice.get("logprobs") or {}).get("content") or ()))
        if choice["text"] or logprobs or count > made:
            yield Chunk(choice["text"], count - made, logprobs=logprobs)
            made = max(made, count)
    if stop and stop.is_set():
        finish = "cancelled"
    if finish is None:
        raise EngineError("The model stopped in the middle of the answer. Please try again.", kind="model_stopped")
    yield Chunk(finish=finish, usage=Usage(prompt, made))


def logprob(entry: Record) -> TokenLogprob:
    top = tuple((str(e["token"]), float(e["logprob"])) for e in entry["top_logprobs"])
    return TokenLogprob(str(entry["token"]), float(entry["logprob"]), top)
