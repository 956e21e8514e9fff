"""Drawings of 24 units a side, in strokes of the colour of the text around them. Ours; nothing is loaded."""

from urllib.parse import quote

STROKES = {
    "chat": "M4 5h16v11H9l-5 4z",
    "documents": "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
    "translate": "M3 6h9M7.5 3.5V6M10 6c-.8 4-3.200 6.500-6.500 8M5.500 9c1 2.500 3 4 5.500 5M12.500 20l4-10 4 10M14 17h5",
    "summarize": "M4 6h16M4 11h16M4 16h9",
    "sentiment": "M4 4h7l9 9-7 7-9-9zM8 8h.01",
    "extract": "M4 5h16v14H4zM4 10h16M10 10v9",
    "data": "M4 6c0-4 16-4 16 0s-16 4-16 0v12c0 4 16 4 16 0V6M4 12c0 4 16 4 16 0",
    "finetune": "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
    "adapters": "M12 3l9 5-9 5-9-5zM3 13l9 5 9-5",
    "models": "M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.500 8-4.500M12 12v9",
    "help": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.500 9.500c0-3.500 5-3.300 5 0 0 2-2.500 2-2.500 4M12 17h.01",
    "about": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.500 9.500c0-3.500 5-3.300 5 0 0 2-2.500 2-2.500 4M12 17h.01",
    "talk": "M4 5h16v11H9l-5 4z",
    "tasks": "M4 6l2 2 3-4M4 16l2 2 3-4M13 6h7M13 17h7",
    "teach": "M2 9l10-5 10 5-10 5zM6 11v5c3 3 9 3 12 0v-5",
    "rename": "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    "move": "M3 6h6l2 2h10v11H3z",
    "pin": "M9 3h6l-1 6 4 4H6l4-4zM12 13v8",
    "unpin": "M9 3h6l-1 6 4 4H6l4-4zM12 13v8M3 3l18 18",
    "md": "M12 4v11M7 11l5 5 5-5M4 20h16",
    "json": "M12 4v11M7 11l5 5 5-5M4 20h16",
    "delete": "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
    "dictate": "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3M6 11a6 6 0 0 0 12 0M12 17v4M9 21h6",
    "say": "M4 9v6h4l5 4V5L8 9zM16 9a4 4 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11",
    "again": "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
    "good": "M7 11v9H4v-9zM7 11l4-8c2 0 3 1 3 3l-1 4h6l-1.500 10H7",
    "bad": "M7 13V4H4v9zM7 13l4 8c2 0 3-1 3-3l-1-4h6L17.500 4H7",
    "language": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c-5 5-5 13 0 18M12 3c5 5 5 13 0 18",
    "theme": "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 1 1 0 18",
    "sign-out": "M10 4H4v16h6M15 8l4 4-4 4M19 12H9",
    "folder": "M3 6h6l2 2h10v11H3z",
    "share": "M12 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6M5 20c0-8 14-8 14 0M19 5v6M16 8h6",
    "settings": "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
    "none": "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8",
}
_PAINT = 'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"'


def icon(name: str) -> str:
    """The drawing, as part of HTML. Others than those of `STROKES` are a dot."""
    return f'<svg class="by-icon" {_PAINT} aria-hidden="true"><path d="{STROKES.get(name, STROKES["none"])}"/></svg>'


def masks() -> str:
    """Each as a custom property of the style sheet, for components that take no HTML: `mask-image: var(--icon-chat)`."""
    return f":root {{ {' '.join(f'--icon-{name}: {_url(path)};' for name, path in STROKES.items())} }}\n"


def _url(path: str) -> str:
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" {_PAINT}><path d="{path}"/></svg>'
    return f'url("data:image/svg+xml,{quote(drawn)}")'
