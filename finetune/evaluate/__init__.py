"""Scores on the command line: `python -m finetune.evaluate`."""
