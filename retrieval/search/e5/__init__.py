"""multilingual-e5-small out of its packed file, for a machine without a model hub."""
