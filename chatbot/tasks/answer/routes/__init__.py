"""Kinds of questions that five passages do not answer, each with a way of its own."""
