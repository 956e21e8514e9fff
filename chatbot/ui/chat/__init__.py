"""The chat and its sidebar."""
