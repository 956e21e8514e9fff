"""Formats that are text already: plain text, Markdown, JSON and CSV, whatever their encoding."""
