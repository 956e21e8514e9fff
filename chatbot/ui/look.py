"""How the page looks: theme, style sheet, and the few lines of script it needs. Nothing is loaded from elsewhere."""

from functools import cache
from pathlib import Path

import gradio as gr
from gradio.routes import BUILD_PATH_LIB

from chatbot.ui.icons import masks

HERE = Path(__file__).parent
FONT = [
    "Inter",
    "ui-sans-serif",
    "system-ui",
    "Segoe UI",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "sans-serif",
]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono CJK SC", "monospace"]


def theme() -> gr.themes.Base:
    """Slate and indigo, from fonts that are on the reader's machine."""
    return gr.themes.Base(primary_hue="indigo", neutral_hue="slate", radius_size="md", font=FONT, font_mono=MONO).set(
        body_background_fill="white",
        body_background_fill_dark="#0b1020",
        background_fill_secondary="*neutral_50",
        background_fill_secondary_dark="#111830",
        block_background_fill_dark="#182038",
        input_background_fill_dark="#131a30",
        border_color_primary_dark="#2a3452",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_text_color="white",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
        block_shadow="none",
    )


OUTER = "@media (prefers-reduced-motion: reduce) { .sidebar-parent { transition: none !important; } }"
"""For what stands around the page: Gradio lays the style sheet on what is inside it alone."""


@cache
def css() -> str:
    return masks() + (HERE / "page.css").read_text("utf-8")


@cache
def head() -> str:
    """The page's own scripts, run before the page is drawn so that a dark page never flashes white."""
    scripts = (path.read_text("utf-8") for path in sorted((HERE / "scripts").glob("*.js")))
    files = "".join(
        f'<meta name="by-{name}" content="assets/{gradios(pattern)}">'
        for name, pattern in (("mermaid", "mermaid.core"), ("gradio", "core"), ("words", "runtime"))
    )
    return f"{files}<style>{OUTER}</style><script>{''.join(scripts)}</script>"


def gradios(name: str) -> str:
    """The file of Gradio's page that has that name before its hash: Mermaid (MIT), or what knows the language."""
    (found,) = Path(BUILD_PATH_LIB).glob(f"{name}-*.js")
    return found.name
