"""Sentiment, and any labels of your own, as probabilities."""
