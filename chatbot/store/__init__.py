"""What is kept of visitors: conversations, settings and results, each under its owner."""
