"""Text recognition (OCR) in pictures and in pages of PDF files that have no text of their own."""
