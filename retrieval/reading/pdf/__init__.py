"""PDF: its text with the place of every character, and its pages as pictures."""
