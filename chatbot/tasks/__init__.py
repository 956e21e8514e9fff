"""Tasks: one prompt and one post-processing each, over the Engine protocol."""
