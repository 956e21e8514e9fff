"""Pure: what a model wrote -> Markdown for the chat in which no HTML, no picture and no diagram is left alive.

The page's renderer (Gradio 6.31: formulas are cut out first, the rest goes through marked) lets HTML through with its styles,
so that an answer could cover the page. A tag is made text by a word joiner behind its `<`, which nobody sees. Code stays as it
is, to be copied, where it can only be taken for code; where another reading is possible, tags in it are broken, too. The tags of
`ALLOWED` stay, bare and within a line.
"""

import re
from inspect import cleandoc

JOINER = "\u2060"  # invisible, and no letter: what follows it begins no tag (HTML Living Standard, 13.2.5.6)
ALLOWED = "b|i|em|strong|u|s|sub|sup|br|kbd|mark"
FORMULAS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"))  # in the order in which the page cuts them out

_THINKING = re.compile(r"(<think>)(.*?)(</think>|\Z)", re.DOTALL)
_CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`)", re.DOTALL)
_IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)\s>]+)>?[^)]*\)")
# Pandoc's rule (tex_math_dollars): no space inside the dollars, no digit after the closing one. Prices stay prices.
_DOLLARS = re.compile(r"(?<![\\$\w])\$(?=[^\s$])([^$\n]*?[^\s$\\])\$(?![\d$])")
_CUT = re.compile(r"%%%LATEX_BLOCK_(\d+)%%%")  # what the page puts in the place of a formula
_ALIVE = re.compile(r"<(?=[A-Za-z/!?])")
_OTHER = re.compile(r"(!)(?=\[)|(\])(?=:)|(`{3,}|~{3,})(?=[ \t]*mermaid)")  # a picture, a link's definition, a diagram
_FENCED_DIAGRAM = re.compile(r"(`{3,}|~{3,})(?=[ \t]*mermaid)")
_FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)")
_PLAIN_CODE = re.compile(
    r"([^`\[\]<>$\\~@|]*)(`+)([^`|$\\]+)\2(?!`)"
)  # where nothing before or in it can claim a backtick
_WORDS = re.compile(r"[^\W\d_].*[^\W\d_]")


def markdown(answer: str) -> str:
    """Model text as Markdown for the chat: `$x$` becomes math that the page renders, pictures become plain links.

    A picture's address could carry the conversation to a stranger's server the moment it is shown.
    """
    text, at, parts = cleandoc(answer), 0, []
    for thought in _THINKING.finditer(text):  # the page makes a message of its own of each
        parts += [_inert(text[at : thought.start()]), thought[1], _inert(thought[2]), thought[3]]
        at = thought.end()
    return "".join([*parts, _inert(text[at:])])


def typed(message: str) -> str:
    """What a person wrote, for the chat. Their HTML is their own; a diagram is drawn by diagrams.js, as an image, and not by Gradio,
    into the page."""
    return _FENCED_DIAGRAM.sub(rf"\1{JOINER}", message)


def as_typed(shown: str) -> str:
    """What `typed` made of it, or a person of that, as it is kept."""
    return shown.replace(JOINER, "")


def _inert(text: str) -> str:
    inner = text.strip()
    if not inner:
        return text
    before, after = text.split(inner, 1)
    return before + _with_formulas(_prepared(inner)) + after


def _prepared(text: str) -> str:
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _prose(part) for index, part in enumerate(parts))


def _prose(part: str) -> str:
    part = _IMAGE.sub(lambda m: f"[{m[1] or 'image'}]({m[2]})", part)
    return _DOLLARS.sub(lambda m: rf"\({m[1]}\)", part)


def _with_formulas(text: str) -> str:
    """Formulas are cut out as the page does it, also across code, since what is left is what it reads as Markdown; their
    content is text to it."""
    text = text.replace("%%%LATEX", f"%%%{JOINER}LATEX")
    cut: list[str] = []

    def take(match: re.Match[str]) -> str:
        cut.append(match[0])
        return f"%%%LATEX_BLOCK_{len(cut) - 1}%%%"

    for left, right in FORMULAS:
        text = re.sub(f"{re.escape(left)}[\\s\\S]+?{re.escape(right)}", take, text)
    text = _blocks(text)
    while _CUT.search(text):
        text = _CUT.sub(lambda match: cut[int(match[1])], text)
    return text


def _blocks(text: str) -> str:
    """Fenced code stays, everything else is broken, line by line. After a line that may or may not end a fence, all is."""
    lines: list[str] = []
    fence, doubt, clear = "", False, True  # clear: no backtick of this paragraph is open
    for line in text.split("\n"):
        if fence:
            lines.append(_within(line, fence))
            ends = re.fullmatch(rf" {{0,3}}{fence.strip()}{fence.strip()[0]}*[ \t]*", line) is not None
            doubt = doubt or (not ends and _may_end(line, fence))
            fence = "" if ends or doubt else fence
            clear = True
        elif (found := _FENCE.fullmatch(line)) and not doubt:
            fence = found[1] + found[2]
            lines.append(_OTHER.sub(rf"\g<0>{JOINER}", _ALIVE.sub(f"<{JOINER}", line)))
        else:
            clear = clear and not doubt if line.strip() else not doubt
            shown, clear = _line(line, clear)
            lines.append(shown)
    return "\n".join(lines)


def _within(line: str, fence: str) -> str:
    return _ALIVE.sub(f"<{JOINER}", line) if _may_end(line, fence) else line


def _may_end(line: str, fence: str) -> bool:
    """Whether some reading of the line ends the fence: it is less indented, or nothing but marks."""
    indent = len(line) - len(line.lstrip(" "))
    marks = re.fullmatch(r"[ \t]*[`~]{3,}[`~ \t]*", line) is not None
    return bool(line.strip()) and (indent < len(fence) - len(fence.lstrip(" ")) or marks)


def _line(line: str, clear: bool) -> tuple[str, bool]:
    """The line with its tags broken, and whether its backticks are closed and the next line begins afresh."""
    done, rest = "", line
    while clear and (found := _PLAIN_CODE.match(rest)) and "://" not in found[1] and "www." not in found[1]:
        done += _broken(found[1], done) + found[2] + found[3] + found[2]
        rest = rest[found.end() :]
    return done + _broken(rest, done), clear and not re.search(r"[`\[\]<$\\~]", rest)


def _broken(text: str, before: str) -> str:
    text = _OTHER.sub(rf"\g<0>{JOINER}", text)
    parts = _ALIVE.split(text)
    shown = parts[0]
    for part in parts[1:]:
        bare = re.match(rf"/?(?:{ALLOWED}) ?/?>", part) and _WORDS.search(before + shown)
        shown += ("<" if bare else f"<{JOINER}") + part
    return shown
