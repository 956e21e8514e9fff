"""What a document enumerates, read as items with values, and which of them a question means."""
