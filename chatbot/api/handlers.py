"""What `/v1` does with each kind of request: read it, ask the engine, answer in the protocol's form."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chatbot.api.chat_form import ChatForm
from chatbot.api.completions import CompletionForm, CompletionRequest, Echoed
from chatbot.api.conversation import conversation
from chatbot.api.embeddings import Embedder, EmbeddingRequest, embedded
from chatbot.api.fields import parse
from chatbot.api.messages import CountRequest, MessagesForm, MessagesRequest
from chatbot.api.protocol import ChatRequest, ScoreRequest, TokenizeRequest
from chatbot.api.responses import ResponseForm, ResponseRequest
from chatbot.api.stream import Answer, Form
from chatbot.common.errors import AdapterNotFound, InputError
from chatbot.engine.adapters.folders import visible
from chatbot.engine.adapters.purpose import for_chat
from chatbot.engine.base import Engine
from chatbot.tasks.loops import begun, until_it_loops
from chatbot.types import BOUNDS, Adapter, Chunk, Message, Prompt, Sampling, TokenLogprob, Usage


class Api:
    """The handlers of `/v1`. `request.state.acts_for` is the owner whose things it may use besides everybody's, and
    `request.state.asker` who takes turns with others: `asked_by` is the engine as it answers that one."""

    def __init__(self, engine: Engine, embedder: Embedder, asked_by: Callable[[str], Engine]) -> None:
        self._engine, self._embedder, self._asked_by = engine, embedder, asked_by

    async def chat(self, request: Request) -> Response:
        asked = parse(ChatRequest, await request.body())
        return await self._chatted(
            asked, request, lambda model, n: ChatForm(model, choices=n, include_usage=asked.include_usage)
        )

    async def responses(self, request: Request) -> Response:
        asked = parse(ResponseRequest, await request.body())
        return await self._chatted(asked.chat(), request, lambda model, n: ResponseForm(model))

    async def messages(self, request: Request) -> Response:
        asked = parse(MessagesRequest, await request.body())
        return await self._chatted(asked.chat(), request, lambda model, n: MessagesForm(model))

    async def count_tokens(self, request: Request) -> Response:
        asked = parse(CountRequest, await request.body()).chat()
        await self._adapter(asked.model, request)  # every adapter has the base model's tokenizer
        count = await run_sync(self._engine.count_prompt, asked.conversation())
        return JSONResponse({"input_tokens": count})

    async def _chatted(self, asked: ChatRequest, request: Request, form: Callable[[str, int], Form]) -> Response:
        messages = asked.conversation()
        adapter = await self._adapter(asked.model, request)
        sampling = asked.sampling(self._engine.context_window, self._engine.traits.sampling)
        self._check_logprobs(sampling)
        starts = [
            partial(self._answer, self._of(request), messages, each, adapter, single=asked.parallel_tool_calls is False)
            for each in self._each(sampling, asked.n or 1)
        ]
        return Answer(starts, form(adapter or self._engine.model, len(starts)), stream=bool(asked.stream))

    async def completions(self, request: Request) -> Response:
        asked = parse(CompletionRequest, await request.body())
        prompts, adapter = asked.prompts(), await self._adapter(asked.model, request)
        sampling = asked.sampling(self._engine.traits.sampling)
        self._check_logprobs(sampling)
        each = [(prompt, one) for prompt in prompts for one in self._each(sampling, asked.n or 1)]
        engine = self._of(request)
        echoed = [await run_sync(self._echoed, engine, prompt, asked, adapter) for prompt, _ in each]
        form = CompletionForm(
            adapter or self._engine.model,
            echoed,
            logprobs=asked.logprobs is not None,
            include_usage=bool(asked.stream_options and asked.stream_options.include_usage),
        )
        starts = [
            partial(self._gone_on, engine, prompt, one, adapter) if asked.writes else partial(self._nothing, told)
            for (prompt, one), (_, told) in zip(each, echoed, strict=True)
        ]
        return Answer(starts, form, stream=bool(asked.stream))

    def _of(self, request: Request) -> Engine:
        return self._asked_by(request.state.asker)

    def _echoed(self, engine: Engine, prompt: Prompt, asked: CompletionRequest, adapter: str | None) -> Echoed:
        """What of the prompt stands before the answer."""
        if not asked.echo:
            return "", ()
        if asked.logprobs is None and not prompt.tokens:
            return prompt.text, ()
        told = engine.read(prompt, asked.logprobs or 0, adapter=adapter)
        return prompt.text or "".join(entry.token for entry in told), told

    def _gone_on(
        self, engine: Engine, prompt: Prompt, sampling: Sampling, adapter: str | None, stop: Event
    ) -> Iterator[Chunk]:
        chunks = engine.go_on(prompt, sampling, adapter=adapter, stop=stop)
        return until_it_loops(chunks, lambda: len(prompt.tokens) or engine.count_tokens(prompt.text))

    def _nothing(self, told: Sequence[TokenLogprob], stop: Event) -> Iterator[Chunk]:
        yield Chunk(finish="length", usage=Usage(len(told), 0))

    def _each(self, sampling: Sampling, count: int) -> list[Sampling]:
        """The figures of each answer: with a seed every one has its own, as in vLLM. Raises `InputError`."""
        most = self._engine.load()["slots"]
        if count > most:
            raise InputError(f"n is at most {most} here: so many answers are written at once.", param="n")
        if sampling.seed is None:
            return [sampling] * count
        last = int(BOUNDS["seed"][1])
        return [replace(sampling, seed=(sampling.seed + number) % (last + 1)) for number in range(count)]

    def _check_logprobs(self, sampling: Sampling) -> None:
        if sampling.top_logprobs is not None and not self._engine.supports_logprobs:
            raise InputError("This engine gives no log-probabilities; please leave logprobs out.", param="logprobs")

    def _answer(
        self,
        engine: Engine,
        messages: Sequence[Message],
        sampling: Sampling,
        adapter: str | None,
        stop: Event,
        *,
        single: bool = False,
    ) -> Iterator[Chunk]:
        """What loops is ended: without `max_tokens` it would hold its slot until the window is full."""
        chunks = engine.stream(messages, sampling, adapter=adapter, stop=stop)
        ended = until_it_loops(chunks, lambda: engine.count_prompt(messages), begun(messages))
        return _one_call(ended) if single else ended

    async def embeddings(self, request: Request) -> Response:
        asked = parse(EmbeddingRequest, await request.body())
        return JSONResponse(await run_sync(lambda: embedded(asked, self._embedder())))

    async def score(self, request: Request) -> Response:
        asked = parse(ScoreRequest, await request.body())
        messages = conversation(asked.messages, begun=False)
        adapter = await self._adapter(asked.model, request)
        scores = await run_sync(lambda: self._of(request).score(messages, asked.continuations, adapter=adapter))
        return JSONResponse({"object": "score", "model": adapter or self._engine.model, "scores": scores})

    async def tokenize(self, request: Request) -> Response:
        asked = parse(TokenizeRequest, await request.body())
        await self._adapter(asked.model, request)  # every adapter has the base model's tokenizer
        if asked.messages is not None:
            messages = conversation(asked.messages, begun=asked.begun)
            count = await run_sync(self._engine.count_prompt, messages)
        else:
            count = await run_sync(self._engine.count_tokens, asked.prompt or "")
        return JSONResponse({"count": count, "max_model_len": self._engine.context_window})

    async def models(self, request: Request) -> Response:
        every = request.query_params.get("adapters") == "all"
        return JSONResponse({"object": "list", "data": await self._cards(request, every=every)})

    async def model(self, request: Request) -> Response:
        name = request.path_params["id"]
        for card in await self._cards(request, every=True):
            if card["id"] == name:
                return JSONResponse(card)
        raise _no_model(name)

    async def _cards(self, request: Request, *, every: bool) -> list[dict[str, Any]]:
        """The adapters of tasks only with `every`: who chats with one that answers from passages is told that nothing is there."""
        shared = await run_sync(self._refreshed, request.state.acts_for)
        adapters = shared if every else for_chat(shared)
        base = self._card(self._engine.model, parent=None, task="")
        return [base, *(self._card(known.name, parent=self._engine.model, task=known.task) for known in adapters)]

    def _card(self, name: str, *, parent: str | None, task: str) -> dict[str, Any]:
        return {
            "id": name,
            "object": "model",
            "created": 0,  # the protocol wants a number; when a model was made is not known
            "owned_by": "banyan",
            "parent": parent,
            "task": task or None,
            "context_window": self._engine.context_window,
        }

    async def _adapter(self, model: str | None, request: Request) -> str | None:
        if model is None or model == self._engine.model:
            return None
        for look in (self._listed, self._refreshed):  # the folder is read only for a name that is not known yet
            if any(model == known.name for known in await run_sync(look, request.state.acts_for)):
                return model
        raise _no_model(model)

    def _listed(self, owner: str) -> list[Adapter]:
        """Everybody's adapters, and those of the user whose key was sent."""
        return visible(self._engine.adapters(), owner)

    def _refreshed(self, owner: str) -> list[Adapter]:
        """As they are on disk now."""
        self._engine.refresh()
        return self._listed(owner)


def _one_call(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """An answer of at most one call."""
    called = False
    for chunk in chunks:
        yield replace(chunk, calls=() if called else chunk.calls[:1])
        called = called or bool(chunk.calls)


def _no_model(name: str) -> AdapterNotFound:
    return AdapterNotFound(
        f"There is no model or adapter “{name}”. GET /v1/models?adapters=all lists them.", name=name, param="model"
    )
