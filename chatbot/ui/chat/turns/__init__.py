"""What stands under each answer: who wrote it, the others in its place, what the reader thinks of it."""
