"""What an embedder says of labels, beside the model."""
