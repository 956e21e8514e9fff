"""The shelf: documents, the collections that they are in, and files on their way to it."""
