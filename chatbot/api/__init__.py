"""The protocol for programs: `/v1` as OpenAI speaks it, and `/health`."""
