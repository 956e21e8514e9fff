"""PDF: read as the reader of documents finds it, and made again as a Word document."""
