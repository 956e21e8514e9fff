"""Passages found again: embeddings, keywords, both fused."""
