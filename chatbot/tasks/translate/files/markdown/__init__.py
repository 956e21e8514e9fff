"""Markdown in the dialects that people write, by the places that markdown-it-py's own rules have been at."""
