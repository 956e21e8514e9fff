"""A model's weights for `local`: loaded, packed for a CPU, made from a GGUF file."""
