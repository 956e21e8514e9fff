"""What fits the parameters that ship, and measures what they do."""
