"""PDF files drawn for a test, down to their fonts."""

import io

from reportlab.pdfgen.canvas import Canvas

Placed = tuple[float, float, str]
"""Left and base in points from the lower left corner, and the words."""


def drawn(*pages: list[Placed], size: float = 11, turned: int = 0) -> bytes:
    """With `turned` 90 the pages lie on their side and are shown upright."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792))
    for page in pages:
        canvas.setPageRotation(turned)
        canvas.rotate(turned)
        canvas.translate(0, -612 if turned else 0)
        canvas.setFont("Helvetica", size)
        for x, y, words in page:
            canvas.drawString(x, y, words)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def rows(
    *columns: list[str], top: float = 700, left: float = 60, width: float = 180, leading: float = 14
) -> list[Placed]:
    """Columns side by side, drawn row by row."""
    return [
        (left + k * width, top - row * leading, column[row])
        for row in range(max(map(len, columns)))
        for k, column in enumerate(columns)
        if row < len(column) and column[row]
    ]


def with_font(content: bytes, font: str, to_unicode: str = "") -> bytes:
    """One page whose only font F is given by its dictionary; `to_unicode` is the body of its character map."""
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
        f"1 begincodespacerange <00> <FF> endcodespacerange {to_unicode} endcmap end end"
    ).encode()
    unicode = " /ToUnicode 6 0 R" if to_unicode else ""
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        f"<< /Type /Font {font}{unicode} >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap),
    ]
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, start)
    return bytes(out)
