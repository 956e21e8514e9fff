"""Recipes: all that an adapter was made from, so that it can be made again."""
