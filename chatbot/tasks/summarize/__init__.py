"""Summaries whose every sentence is held against the text."""
