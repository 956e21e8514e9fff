"""Faulty rows of a data set, mended on the page."""
