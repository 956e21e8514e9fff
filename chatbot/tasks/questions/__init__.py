"""Questions and answers made from documents, to teach a model with: each answer held against the passage it stands in."""
