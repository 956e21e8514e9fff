"""Markup that people write manuals and papers in."""
