"""What runs in the child process: one reader for each family of formats.

A reader is a function `(path, pages, source) -> None` that hands what it finds to `pages` and raises `RejectedFile`.
"""
