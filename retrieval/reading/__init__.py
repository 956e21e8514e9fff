"""What runs in the child process: one reader for each family of formats.

A reader is a function `read(path, name, pages, limits)` that hands what it finds to `pages` and raises `RejectedFile`; it has
a row in `kinds`.
"""
