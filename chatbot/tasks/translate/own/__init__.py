"""What an owner keeps for translations: terms, and segments as they were corrected."""
