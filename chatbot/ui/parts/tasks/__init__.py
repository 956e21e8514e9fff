"""What the tabs of tasks are built from."""
