"""A session of the page holds its values, and nothing of the page."""

import gradio as gr
from gradio.state_holder import StateHolder

from chatbot.ui.sessions import keep_little


def test_a_session_holds_its_values_and_no_copy_of_the_page() -> None:
    with gr.Blocks() as page:
        box, kept = gr.Textbox("words"), gr.State([])
    holder = StateHolder()
    holder.set_blocks(page)
    assert holder["before"].config_values, "Gradio keeps one"
    keep_little(holder)
    one, other = holder["one"], holder["other"]
    one[kept._id] = ["mine"]
    one._update_value_in_config(box._id, "long words")
    one._update_config(box._id)
    assert (one[kept._id], other[kept._id]) == (["mine"], [])
    assert not {box._id} & one.config_values.keys()
    assert other.config_values == {}
    assert holder["one"] is one
