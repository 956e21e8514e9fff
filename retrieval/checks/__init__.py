"""What a sentence claims and what a passage says: words, numbers, names and negation, in a form that compares."""
