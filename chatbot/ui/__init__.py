"""The page: one file a tab, strings in two languages, pure rendering."""
