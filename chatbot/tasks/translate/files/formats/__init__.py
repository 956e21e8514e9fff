"""Files of programs and of books: messages, interfaces, notebooks, chapters."""
