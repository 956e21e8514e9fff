"""LoRA adapters on disk: found, checked, brought and taken away; the same for every engine."""
