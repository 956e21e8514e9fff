"""Documents: read, split, found again, and answers held against them."""
