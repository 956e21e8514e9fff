"""Who may sign in is tried over each database."""

from collections.abc import Iterator

import pytest

from chatbot.access.users import SCHEMA
from chatbot.common.database.base import Database
from chatbot.common.database.door import Place, opened


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    database = opened(place, SCHEMA)
    yield database
    database.close()
