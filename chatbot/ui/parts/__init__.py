"""What the tabs have in common."""
