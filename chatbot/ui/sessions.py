"""What Gradio keeps of each session of the page: the values of its states, and no copy of the page.

A session is a visit of the page or a call of an endpoint. Gradio describes every component anew for each, which is 0.9 MB of this
page, and keeps that for ten thousand sessions; it serves links to a session's state only, whose route is closed here.
"""

from typing import Any

from gradio.state_holder import SessionState, StateHolder


class LeanSession(SessionState):  # type: ignore[misc]
    def __init__(self, blocks: Any) -> None:
        super().__init__(blocks)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class LeanHolder(StateHolder):  # type: ignore[misc]
    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = LeanSession(self.blocks)
        return super().__getitem__(session_id)


def keep_little(holder: StateHolder) -> None:
    """From now on, of the page that the holder belongs to."""
    holder.__class__ = LeanHolder
