"""The ground of the house: what every room may use, and what imports nothing of the house itself."""
