"""Teach the model: data, jobs, training and verdict of a LoRA fine-tune."""
