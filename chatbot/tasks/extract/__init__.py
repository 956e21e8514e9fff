"""Extraction: the fields that a person names, copied out of a text into a table."""
