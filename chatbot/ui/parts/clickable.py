"""HTML that can be clicked: what has `data-act` is told to the server, with all of its `data-` attributes; of a list to choose
from, which has `data-choose`, the value."""

import gradio as gr

CLICKS = """
element.addEventListener('click', (event) => {
  const copy = event.target.closest('[data-copy]');
  if (copy && element.contains(copy)) {
    navigator.clipboard.writeText(copy.dataset.copy).then(() => { copy.textContent = copy.dataset.copied; });
    return;
  }
  const chosen = event.target.closest('[data-act]');
  if (chosen && element.contains(chosen) && !chosen.disabled) trigger('click', {...chosen.dataset});
});
element.addEventListener('change', (event) => {
  const chosen = event.target.closest('select[data-choose]');
  if (chosen) trigger('click', {act: chosen.dataset.choose, value: chosen.value});
});
"""


def clickable(id: str, value: str = "", **rest: bool) -> gr.HTML:
    """Its `click` event comes with what `clicked` reads; what holds `data-copy` is copied without the server."""
    return gr.HTML(value, elem_id=id, js_on_load=CLICKS, apply_default_css=False, **rest)


def clicked(event: gr.EventData) -> dict[str, str]:
    """What the browser says was clicked. It may say anything."""
    data = event._data if isinstance(event._data, dict) else {}
    return {str(key): str(value)[:200] for key, value in list(data.items())[:10]}
