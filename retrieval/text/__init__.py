"""Text as data: words, sentences, passages."""
