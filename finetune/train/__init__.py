"""The training itself, in a child process: `python -m finetune.train`."""
