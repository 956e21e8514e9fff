"""A finished job -> an adapter that people can choose, with its card."""
