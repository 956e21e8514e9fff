"""Blocks that generators of sites read in Markdown: lines that stay, with the title in them, and what is indented under one.

A title is an `inline` token whose `meta["offset"]` is its place in the source.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock

from chatbot.tasks.translate.files.markdown.fixed import stays_mdx
from chatbot.tasks.translate.files.prose.directives import UNTITLED, WITH_TEXT

_TERMINATES: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
_TITLED = tuple(
    re.compile(pattern, re.VERBOSE)
    for pattern in (
        r"\[!\w[\w|-]*\][+-]?[ \t]*(?P<title>.*?)",  # alerts of GitHub and Obsidian
        r":{2,}[ \t]*[\w-]+\[(?P<title>.*)\](?:\{[^{}]*\})?[ \t]*",
        r":{3,}[ \t]*\{[^{}]*?\btitle=\"(?P<title>[^\"{}]*)\"[^{}]*\}[ \t:]*",  # of Quarto and Pandoc
        r":{3,}[ \t]*(?:\{[^{}]*\}|[\w-]++)?[ \t]*(?:\{[^{}]*\})?[ \t]*(?P<title>[^\[{\s:].*?)?(?:[ \t]*\{[^{}]*\}|[ \t]+:+)?[ \t]*",
    )
)
_STAYS = re.compile(
    r"""
      (?:\{\{[^{}]*+\}\}|\{\{[<%](?:(?!\}\}).)*+\}\}|\{%(?:(?!%\}).)*+%\}|<%(?:(?!%>).)*+%>|\s)++ # shortcodes alone on their line
    | \{:?[ \t]*[#.:%\w][^{}]*\}                                       # attributes of what is above
    | import[ ](?:[\w$*{},\s]+[ ]from[ ])?(?:"[^"]+"|'[^']+');?         # a module, in files for MDX that are called .md
    | <<<[ \t]*\S.* | \^[\w-]+                                         # a snippet of VitePress, the name of a block of Obsidian
    | \[\[?_?TOC_?\]?\] | \([\w:.-]+\)= | -{1,2}8<-{1,2}.* | @import[ ].* | \\(?:newpage|pagebreak|clearpage|tableofcontents)\b.* | \+\+\+.*
    """,
    re.VERBOSE,
)
_OPENS = (  # what a block of lines begins with, and what ends it
    (re.compile(r"\$\$"), "$$"),
    (re.compile(r"\\\["), r"\]"),
    (re.compile(r"\\begin\{([\w*]+)\}"), ""),
    (re.compile(r"\{\{[<%]"), "}}"),
    (re.compile(r"\{%"), "%}"),
    (re.compile(r"%%(?=\s*\Z)"), "%%"),
)
_NO_TEXT = (  # what a block of lines begins with that hold no text, and what its last line begins with
    (
        re.compile(r"\{\{[<%]\s*(code|diagram|highlight|katex|math|mermaid|plantuml|raw)\b"),
        r"\{{\{{[<%]\s*/\s*{name}\b",
    ),
    (re.compile(r"\{%-?\s*(comment|highlight|math|mermaid|raw)\b"), r"\{{%-?\s*end{name}\b"),
    (re.compile(r"\{::(comment|nomarkdown)\}"), r"\{{:/(?:{name})?\}}"),
)
_INDENTS = re.compile(
    r"""
      (?:!!!|\?\?\?\+?)(?=[ \t])(?:[ \t]+[\w-]+)*(?:[ \t]+"(?P<title>.*)")?[ \t]*
    | ===[!+]{0,2}[ \t]+"(?P<tab>.*)"[ \t]*
    | ///[ \t]*(?:[\w-]+)?(?:[ \t]*\|[ \t]*(?P<block>.*))?
    | \[\^[^\[\]\s]+\]:(?:[ \t]+(?P<note>.+))?
    | \*\[[^\[\]]+\]:[ \t]+(?P<short>.+)
    | :[ \t]+(?P<meaning>.+)
    """,
    re.VERBOSE,
)
_DIRECTIVE = re.compile(r":{3,}[ \t]*\{.*|:[\w-]+:.*")
_OPTION = re.compile(r":[\w-]+:(?:[ \t].*)?")
_FENCED = re.compile(r"(?P<fence>`{3,}|~{3,})\{(?:[\w-]+:)?(?P<name>[\w-]+)\}[ \t]*(?P<title>.*)")
_VERSE = re.compile(r"\|(?:[ \t]+(?P<verse>[^|]*[^|\s]))?[ \t]*")
_RULE = re.compile(r"\|[ \t]*:?-+:?[ \t]*(?:\|.*)?")
_MODULES = re.compile(r"(?:import|export)\b")


def add(md: MarkdownIt, *, mdx: bool) -> None:
    """The rules, before all that would read such lines as text."""
    if mdx:
        md.block.ruler.before("table", "components", _components, _TERMINATES)
        md.block.ruler.disable(["code", "html_block"])
    md.block.ruler.before("table", "directives", _directives, _TERMINATES)
    md.block.ruler.before("table", "indents", _indents, _TERMINATES)
    md.block.ruler.before("table", "verses", _verses, _TERMINATES)
    md.block.ruler.before("table", "lines", _lines, _TERMINATES)


def _text(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _title(state: StateBlock, line: int, found: re.Match[str]) -> None:
    name = found.lastgroup
    if not name or not found[name]:
        return
    token = state.push("inline", "", 0)
    token.content, token.children, token.map = found[name].rstrip(), [], [line, line + 1]
    token.meta["offset"] = state.bMarks[line] + state.tShift[line] + found.start(name)


def _lines(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    line = _text(state, start)
    titled = next((found for pattern in _TITLED if (found := pattern.fullmatch(line))), None)
    option = start and _OPTION.fullmatch(line) and _DIRECTIVE.fullmatch(_text(state, start - 1))
    last = _ended(state, start, end, line) or (
        start + 1 if titled or option or _STAYS.fullmatch(line) else _closed(state, start, end, line)
    )
    if last is None:
        return False
    if not silent:
        if titled:
            _title(state, start, titled)
        state.line = last
    return True


def _ended(state: StateBlock, start: int, end: int, line: str) -> int | None:
    """The line after a block that holds no text, which begins at `start`."""
    for opens, closes in _NO_TEXT:
        if opened := opens.match(line):
            last = re.compile(closes.format(name=opened[1]))
            return next((at + 1 for at in range(start + 1, end) if last.match(_text(state, at))), None)
    return None


def _closed(state: StateBlock, start: int, end: int, line: str) -> int | None:
    """The line after a block of several lines that stay, which begins at `start`."""
    for opens, closes in _OPENS:
        opened = opens.match(line)
        if not opened:
            continue
        ends = closes or rf"\end{{{opened[1]}}}"
        rest = line[opened.end() :]
        for at in range(start, end):
            if at > start and state.isEmpty(at) and ends in ("}}", "%}"):
                return None
            found = rest.find(ends)
            if found >= 0:
                return at + 1 if not rest[found + len(ends) :].strip() else None
            rest = _text(state, at + 1) if at + 1 < end else ""
    return None


def _directives(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A directive of MyST between fences, whose content is text as that of reStructuredText's of the same name."""
    found = None if state.is_code_block(start) else _FENCED.fullmatch(_text(state, start))
    if found is None or found["name"] not in WITH_TEXT | UNTITLED:
        return False
    if silent:
        return True
    if found["name"] not in UNTITLED:
        _title(state, start, found)
    closes = re.compile(rf"{found['fence'][0]}{{{len(found['fence'])},}}\s*")
    close = next((at for at in range(start + 1, end) if closes.fullmatch(_text(state, at))), end)
    first = next((at for at in range(start + 1, close) if not _OPTION.fullmatch(_text(state, at))), close)
    last, state.lineMax = state.lineMax, close
    state.md.block.tokenize(state, first, close)
    state.lineMax = last
    state.line = min(close + 1, end)
    return True


def _indents(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A line that stays but for its title, and blocks of four more spaces under it."""
    found = None if state.is_code_block(start) else _INDENTS.fullmatch(_text(state, start))
    if found is None:
        return False
    if silent:
        return True
    _title(state, start, found)
    indent, after = state.sCount[start] + 4, start + 1
    if found[0].startswith("///"):  # what is indented below are its options
        state.line = next((at for at in range(after, end) if state.isEmpty(at) or state.sCount[at] < indent), end)
        return True
    while after < end and (state.isEmpty(after) or state.sCount[after] >= indent):
        after += 1
    around, state.blkIndent = state.blkIndent, indent
    last, state.lineMax = state.lineMax, after
    state.md.block.tokenize(state, start + 1, after)
    state.blkIndent, state.lineMax = around, last
    state.line = after
    return True


def _verses(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Lines of a poem or an address, each behind a bar; those of a table end in one, or stand above a line of dashes."""
    if state.is_code_block(start):
        return False
    last = start
    while last < end and (found := _VERSE.fullmatch(_text(state, last))) and not _RULE.fullmatch(_text(state, last)):
        last += 1
    if last - start < 2 or (last < end and not state.isEmpty(last)):
        return False
    for line in range(start, last) if not silent else ():
        if found := _VERSE.fullmatch(_text(state, line)):
            _title(state, line, found)
    state.line = last if not silent else state.line
    return True


def _components(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Imports and exports up to an empty line, and tags or expressions that fill their lines."""
    line = _text(state, start)
    if _MODULES.match(line) and state.blkIndent == 0 and state.level == 0:
        after = next((at for at in range(start, end) if state.isEmpty(at)), end)
    elif (filled := _filled(state, start, end, line)) is not None:
        after = filled
    else:
        return False
    if not silent:
        state.line = after
    return True


def _filled(state: StateBlock, start: int, end: int, line: str) -> int | None:
    if line[:1] not in ("<", "{"):
        return None
    at, over = state.bMarks[start] + state.tShift[start], state.eMarks[end - 1]
    while at < over and state.src[at] in "<{":
        after = stays_mdx(state.src, at, over)
        if after == at:
            return None
        at = after
        while at < over and state.src[at] in " \t":
            at += 1
    if at < over and state.src[at] != "\n":
        return None
    return next(n + 1 for n in range(start, end) if state.eMarks[n] >= at)
