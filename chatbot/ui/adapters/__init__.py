"""The adapters tab."""
