"""Data sets: read, understood, checked, turned into tokens and labels."""
