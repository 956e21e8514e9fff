"""The summary tab."""
