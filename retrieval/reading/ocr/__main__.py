"""The child that recognises text on pages of a PDF: `python -m retrieval.reading.ocr LIMITS PATH NUMBER...`."""

import json
import sys
from pathlib import Path

from chatbot.common.confine import confine, rejections, say
from chatbot.common.limited import Limits

_SCALE = 200 / 72  # pixels a point: 200 dpi, from which small print is legible


def main(limits: Limits, path: Path, numbers: list[int]) -> None:
    import pypdfium2 as pdfium

    from retrieval.reading.ocr.engine import LONGEST, recognise

    with rejections(limits):
        document = pdfium.PdfDocument(path)
        for done, number in enumerate(numbers, 1):
            page = document[number - 1]
            scale = min(_SCALE, LONGEST / max(*page.get_size(), 1))
            found = recognise(page.render(scale=scale, rev_byteorder=True).to_numpy()[:, :, :3])
            page.close()
            if found is not None:
                say(
                    number=number,
                    text=found.text,
                    blocks=[(b.kind, b.start, b.end, b.level) for b in found.blocks],
                    confidence=round(100 * found.confidence),
                    marks=found.marks,
                )
            say(progress=(done, len(numbers)))
        say(end=True)


if __name__ == "__main__":
    bounds = Limits(**json.loads(sys.argv[1]))
    confine(bounds)
    main(bounds, Path(sys.argv[2]), [*map(int, sys.argv[3:])])
