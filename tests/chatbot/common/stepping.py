"""A child that tells one step."""

from chatbot.common.child import serve
from chatbot.common.step import Progress, Step


def _handle(request: dict[str, object], progress: Progress) -> str:
    progress(Step("embedding", count=12), 0.5)
    return "done"


if __name__ == "__main__":
    serve(_handle)
