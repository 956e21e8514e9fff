"""Clause by clause: what a sentence of the evidence says of what, under which condition, and whether it says the opposite."""
