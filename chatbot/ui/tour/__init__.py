"""The guided first run: about a minute, offered once, and skipped with one press."""
