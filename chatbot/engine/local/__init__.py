"""torch and transformers: many adapters on one base model in one flattened batch."""
