"""What a question asks for, and whether a sentence is an answer of that kind."""
