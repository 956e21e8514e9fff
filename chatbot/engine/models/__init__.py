"""Base models: which are known, where their files come from, what is on the disk."""
