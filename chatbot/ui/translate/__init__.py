"""The translate tab."""
