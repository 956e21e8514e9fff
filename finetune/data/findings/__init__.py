"""What the dataset doctor looks for in the examples, and how it says it."""
