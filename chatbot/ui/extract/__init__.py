"""The extraction tab."""
