"""What is kept of documents: originals, pages, passages and vectors."""
