"""The requests of Open WebUI 0.6 as it sends them: models, a chat with its own fields, title, "Continue Response", usage.

Run: python open_webui_.py http://host:port
"""

import json
import sys
import urllib.request
from typing import Any

base = f"{sys.argv[1]}/v1"


def sent(path: str, body: object = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer none", "X-OpenWebUI-User-Name": "ann"}
    request = urllib.request.Request(f"{base}{path}", content, headers)
    with urllib.request.urlopen(request, timeout=240) as answer:
        text = answer.read().decode()
    if text.startswith((":", "data: ")):
        lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
        assert lines[-1] == "[DONE]"
        return [json.loads(line) for line in lines[:-1]]
    return json.loads(text)


model = sent("/models")["data"][0]["id"]
CHAT = {
    "stream": True,
    "model": model,
    "messages": [{"role": "user", "content": "Say hello."}],
    "params": {},
    "features": {"image_generation": False, "web_search": False},
    "variables": {"{{USER_NAME}}": "ann"},
    "session_id": "s1",
    "chat_id": "c1",
    "id": "m1",
    "background_tasks": {"title_generation": True, "tags_generation": True},
    "stream_options": {"include_usage": True},
    "metadata": {"user_id": "u1"},
    "files": None,
    "tool_ids": None,
    "max_tokens": 30,
    "function_calling": "native",
}
events = sent("/chat/completions", CHAT)
answer = "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])
assert answer and events[-1]["usage"]["completion_tokens"] > 0, events

title = {"model": model, "stream": False, "max_completion_tokens": 40, "metadata": {"task": "title_generation"}}
title["messages"] = [{"role": "user", "content": "Give the chat a title as JSON: a talk about trees"}]
assert sent("/chat/completions", title)["choices"][0]["message"]["content"]

begun = [{"role": "user", "content": "Count to five."}, {"role": "assistant", "content": "one two"}]
going_on = sent("/chat/completions", {**CHAT, "messages": begun, "temperature": 0})
more = "".join(choice["delta"].get("content") or "" for event in going_on for choice in event["choices"])
assert "three" in more and "one two" not in more, more
picture = {"role": "user", "content": [{"type": "text", "text": "Say"}, {"type": "text", "text": "hello."}]}
assert sent("/chat/completions", {**CHAT, "messages": [picture], "stream": False})["choices"]
