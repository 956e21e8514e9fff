"""The GGUF format: files, their headers, and LoRA adapters in it."""
