"""Signing in at a provider of OpenID Connect, and who comes from there."""
