"""Signing in and out, and keys for programs: plain pages beside that of Gradio."""
