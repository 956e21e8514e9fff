"""Every setting of a fine-tune as data, and ready sets of them."""
