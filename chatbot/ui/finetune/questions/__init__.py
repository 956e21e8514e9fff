"""Data from documents: questions and answers that the model made, read and mended by a person before they teach."""
