"""What one operating system has and another calls otherwise."""
