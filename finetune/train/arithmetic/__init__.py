"""Training in fewer passes over memory: rows without padding, layers for CPUs, threads side by side."""
