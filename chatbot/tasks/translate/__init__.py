"""Translation of texts and files."""
