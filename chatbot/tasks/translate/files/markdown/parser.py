"""The parser: CommonMark with tables and strikethrough, and the blocks and signs of generators of sites."""

from functools import cache

from markdown_it import MarkdownIt

from chatbot.tasks.translate.files.markdown import blocks
from chatbot.tasks.translate.files.markdown.fixed import stays, stays_mdx
from chatbot.tasks.translate.files.markdown.inline import Traced


@cache
def parser(*, mdx: bool = False) -> MarkdownIt:
    md = MarkdownIt("commonmark").enable("table")
    md.inline = Traced(stays_mdx if mdx else stays)
    md.core.ruler.disable("text_join")
    blocks.add(md, mdx=mdx)
    return md
