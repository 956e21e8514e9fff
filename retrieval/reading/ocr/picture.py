"""A picture (PNG, JPEG) as a document of one page: what is written on it."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.ocr.engine import LONGEST, recognise
from retrieval.reading.pages import Pages

_MOST = 100_000_000  # pixels: 300 MB unpacked; a phone's camera takes 50 million, a scanner at 600 dpi 35 million


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    found = recognise(np.asarray(opened(path)))
    if found is not None:
        pages.whole(found.text, found.blocks)
        pages.page_flag("ocr", confidence=round(100 * found.confidence), marks=found.marks)


def opened(path: Path) -> Image.Image:
    """At most `LONGEST` pixels a side, in colours, on white. Raises `RejectedFile`."""
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            width, height = picture.size
            if width * height > _MOST:
                raise RejectedFile("too_large", amount=f"{width} x {height} pixels", limit=f"{_MOST:,} pixels")
            picture.draft("RGB", (LONGEST, LONGEST))
            image = _on_white(picture)
    except Image.DecompressionBombError as error:  # PIL's own limit, raised before the size can be asked for
        raise RejectedFile("too_large", amount="over 178,000,000 pixels", limit=f"{_MOST:,} pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise RejectedFile("damaged") from error
    image.thumbnail((LONGEST, LONGEST))
    return image


def _on_white(picture: Image.Image) -> Image.Image:
    upright = picture.convert("RGBA") if picture.has_transparency_data else picture.convert("RGB")
    if upright.mode == "RGB":
        return upright
    white = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(white, upright).convert("RGB")
