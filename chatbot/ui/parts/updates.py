"""What a handler returns: by component, what changes of it."""

from typing import Any

from gradio.blocks import Block

Updates = dict[Block, Any]
"""The new value, or a `gr.update`. Only what changes is in it, and every key is among the outputs of the event.

Never empty: Gradio takes `{}` for a value. Where nothing changes, a handler returns `gr.skip()` itself; so does the first
step of a generator that may have none, since Gradio empties the outputs of one that yields nothing.
"""
