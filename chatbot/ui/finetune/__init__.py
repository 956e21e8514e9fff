"""The fine-tune tab."""
