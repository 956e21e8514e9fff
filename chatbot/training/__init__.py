"""Fine-tuning as the app offers it."""
