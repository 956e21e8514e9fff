"""markdown-it-py's inline rules, with the places they were at: each token's `meta["at"]` is its (start, end) in the content."""

import re
from collections.abc import Callable
from typing import Literal

from markdown_it import MarkdownIt, rules_inline
from markdown_it.parser_inline import ParserInline, RuleFuncInlineType
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from chatbot.tasks.translate.files.formats.words import is_key

_RULES: dict[str, RuleFuncInlineType] = {
    "newline": rules_inline.newline,
    "escape": rules_inline.escape,
    "backticks": rules_inline.backtick,
    "strikethrough": rules_inline.strikethrough.tokenize,
    "emphasis": rules_inline.emphasis.tokenize,
    "link": rules_inline.link,
    "image": rules_inline.image,
    "autolink": rules_inline.autolink,
    "html_inline": rules_inline.html_inline,
    "entity": rules_inline.entity,
}
_SPACES = re.compile(r" *\Z")
_WIKI = re.compile(r"(?<!!)(\[\[[^\[\]|\n]+\|)([^\[\]|\n]+)(\]\])")

Fixed = Callable[[str, int, int], int]
"""(content, place, end of the content) -> where what begins at the place and stays as it is ends; the place itself if nothing"""


class Traced(ParserInline):
    def __init__(self, fixed: Fixed) -> None:
        super().__init__()
        for name, rule in _RULES.items():
            self.ruler.at(name, _traced(rule))
        self.ruler.before("escape", "wiki", _traced(_wiki))
        self.ruler.before("escape", "fixed", _traced(_fixed(fixed)))
        self.ruler.disable("linkify")
        self.ruler2.disable("fragments_join")  # it joins tokens, which would lose their places

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        _settle(state.tokens, len(src))
        for rule in self.ruler2.getRules(""):  # which turn texts into emphasis, where they are
            rule(state)
        state.tokens.sort(key=lambda token: token.meta["at"])
        return state.tokens


class _State(StateInline):
    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        token = super().push(ttype, tag, nesting)
        token.meta["pushed"] = self.pos
        return token


def _wiki(state: StateInline, silent: bool) -> bool:
    """[[page|words]]: the page stays. Where the second is rather a page, as in some wikis, both do."""
    found = _WIKI.match(state.src, state.pos, state.posMax)
    if found is None or is_key(found[2]):
        return False
    if not silent:
        state.push("wiki_open", "", 1).content = found[1]
        state.push("text", "", 0).content = found[2]
        state.push("wiki_close", "", -1).content = found[3]
    state.pos = found.end()
    return True


def _fixed(find: Fixed) -> RuleFuncInlineType:
    def rule(state: StateInline, silent: bool) -> bool:
        end = find(state.src, state.pos, state.posMax)
        if end <= state.pos:
            return False
        if not silent:
            state.push("fixed", "", 0).content = state.src[state.pos : end]
        state.pos = end
        return True

    return rule


def _traced(rule: RuleFuncInlineType) -> RuleFuncInlineType:
    def run(state: StateInline, silent: bool) -> bool:
        begin, before = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        own = [token for token in state.tokens[before:] if "pushed" in token.meta and "at" not in token.meta]
        if own:
            _place(own, begin, state)
        return True

    return run


def _place(own: list[Token], begin: int, state: StateInline) -> None:
    """Tokens that one rule has pushed between `begin` and where the state is now."""
    if own[-1].type == "link_close":
        closes = state.pos - 1 if own[0].markup == "autolink" else own[-1].meta["pushed"]
        for token in own[1:-1]:
            token.meta["at"] = (begin + 1, closes)
        own[0].meta["at"], own[-1].meta["at"] = (begin, begin + 1), (closes, state.pos)
        return
    if own[0].type == "hardbreak":  # whose spaces went to the text before it
        begin -= len(_SPACES.search(state.src, 0, begin)[0])  # type: ignore[index]
    for token in own:
        end = state.pos if token is own[-1] else begin + len(token.content)
        token.meta["at"] = (begin, end)
        begin = end


def _settle(tokens: list[Token], end: int) -> None:
    """Plain text lies between what rules have found."""
    at = 0
    for number, token in enumerate(tokens):
        if "at" not in token.meta:
            token.meta["at"] = (at, tokens[number + 1].meta["at"][0] if number + 1 < len(tokens) else end)
        at = token.meta["at"][1]
