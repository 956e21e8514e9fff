"""Messages -> the model's own prompt, and tokens -> text again."""
