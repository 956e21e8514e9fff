"""Fine-tuning for programs: whatever the tab's buttons do, by name."""
