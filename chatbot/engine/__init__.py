"""Engines: what turns messages into text. `base.Engine` is the door, the other files stand behind it."""
