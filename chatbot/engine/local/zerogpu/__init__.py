"""The engine on a Hugging Face Space with ZeroGPU, which lends a GPU to one call at a time."""
