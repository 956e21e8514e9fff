"""Tables of texts: read, judged row by row, kept, and given back with their labels."""
