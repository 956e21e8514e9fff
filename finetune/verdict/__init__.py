"""Before and after on the same held-out rows, and one sentence about the difference."""
