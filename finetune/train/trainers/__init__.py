"""TRL's trainers, made to save whole checkpoints, to stop at once and to be judged on held-out rows."""
