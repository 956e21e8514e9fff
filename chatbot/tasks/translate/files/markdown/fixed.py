"""What generators of sites read in Markdown beside it: it stays, whatever is around it."""

import re

_ATTRIBUTE = r"""(?:[#.][\w:./-]+|[\w:-]+=(?:"[^"\n]*"|'[^'\n]*'|[^\s{}"'=]+))"""
_STAYS = re.compile(
    rf"""
      \{{\{{[^{{}}]*+\}}\}}(?:/[\w./#?=&%-]*[\w/])? | \{{\{{[<%].*?[>%]\}}\}} | \{{%.*?%\}} | \{{\#.*?\#\}} | <%.*?%>       # Jinja, Liquid, Hugo, ERB
    | \{{:?[ \t]*{_ATTRIBUTE}(?:[ \t]+{_ATTRIBUTE})*[ \t]*\}} | \{{:[^{{}}\n]*\}}                    # {{#id}}, {{ .class }}
    | \$t\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)                                                     # $t(key) of i18next
    | \+\+[^\s+"']+(?:\+(?:[^\s+"']+|"[^"\n]*"))*\+\+ | \+\+"[^"\n]*"(?:\+[^\s+"']+)*\+\+           # ++ctrl+c++
    | (?<![^\W_])(?<!:):(?=[\d_+-]*[a-z])[a-z\d_+-]+:(?![\w:])                                            # :rocket:
    | (?<=\])\[[^\[\]\s]*\]                                              # the label of [words][a.page] of another file
    | \[\[[^\[\]\n]+\]\] | \[\^[^\[\]\s]+\] | \[-?@[\w:.-]+[^\[\]\n]*\]                              # [[page]], [^1], [@cited]
    | (?<![\w@./])@[A-Za-z_](?:[A-Za-z0-9_:.#~/-]*[A-Za-z0-9_])? | @(?:\.[a-z]+)?:(?:[\w.-]*\w|\([\w.-]+\))         # @cited2020, @:key of vue-i18n
    | (?<=[ \t])\#[A-Za-z][A-Za-z0-9_/-]* | (?<=[ \t])\^[A-Za-z0-9-]+(?=[ \t]*(?:\n|\Z))                          # a #tag, a ^block-id
    | (?<!\S)%%[^%\n]+%%(?!\w) | \{{/\*.*?\*/\}}                                                            # comments of Obsidian and MDX
    """,
    re.VERBOSE | re.DOTALL,
)
_MATH = re.compile(
    r"""
      \$\$(?:[^$\\]|\\.)+\$\$
    | (?<![\\$])\$`[^`]+`\$
    | (?<![\\$])\$(?![\s$])(?:[^$\\]|\\.)*(?<!\s)\$(?![\w$])
    | \\\((?:(?!\\[()]).){1,2000}\\\)
    | \\\[(?:(?!\\[\[\]]).){1,2000}\\\]
    """,
    re.VERBOSE | re.DOTALL,
)
_PROSE = re.compile(r"(?<![\\\w{])[^\W\d_]{3,}\s+[^\W\d_]{3,}|[\u3040-\u9fff\uac00-\ud7af]")
_SYMBOLS = re.compile(r"[\\^_={}]")
_ICU = re.compile(
    r"\{\s*[\w.-]+\s*,\s*(?:plural|select|selectordinal|number|date|time|ordinal|spellout|duration|list)\b"
)
_TAG = re.compile(r"</?(?:[A-Za-z][\w.:-]*)?(?=[\s/>{])")
_MOST = 4000  # characters within which a brace is closed: who leaves one open pays no more


def stays(content: str, at: int, end: int) -> int:
    """Where what begins at `at` ends, if it is none of Markdown's and stays as it is; else `at`."""
    found = _STAYS.match(content, at, end)
    if found:
        return found.end()
    found = _MATH.match(content, at, end)
    if found and _is_math(found[0]):
        return found.end()
    return _balanced(content, at, end) if _ICU.match(content, at, end) else at


def stays_mdx(content: str, at: int, end: int) -> int:
    """In MDX, expressions in braces and tags of components stay as well."""
    if content[at] == "{":
        return _balanced(content, at, end)
    if content[at] == "<" and (tag := _TAG.match(content, at, end)):
        return _tag_end(content, tag.end(), end) or at
    return stays(content, at, end)


def _is_math(found: str) -> bool:
    """Prices and escaped brackets are no formulas: words beside each other, and nothing that formulas are made of."""
    inner = found.strip("$`") if found[0] == "$" else found[2:-2]
    if found[:2] == r"\[":
        return _SYMBOLS.search(inner) is not None
    return found[:2] == "$$" or _PROSE.search(inner) is None or "\\" in inner


def _balanced(content: str, at: int, end: int) -> int:
    """After the brace that closes the one at `at`; `at` itself where there is none near."""
    depth = 0
    for place in range(at, min(end, at + _MOST)):
        depth += (content[place] == "{") - (content[place] == "}")
        if depth == 0:
            return place + 1
    return at


def _tag_end(content: str, at: int, end: int) -> int:
    """After the > of a tag, strings and expressions of its attributes left out; 0 where there is none near."""
    last = min(end, at + _MOST)
    while at < last:
        mark = content[at]
        if mark == ">":
            return at + 1
        if mark in "\"'":
            closing = content.find(mark, at + 1, last)
            at = closing + 1 if closing > 0 else last
        elif mark == "{":
            closed = _balanced(content, at, last)
            at = closed if closed > at else last
        elif mark == "<":
            return 0
        else:
            at += 1
    return 0
