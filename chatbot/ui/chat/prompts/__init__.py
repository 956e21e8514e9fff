"""Prompts worth keeping: a slash in the empty composer lists them, and a press puts one there."""
