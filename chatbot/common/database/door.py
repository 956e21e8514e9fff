"""Opens what a setting names."""

from pathlib import Path

from chatbot.common.database.base import Database, Schema
from chatbot.common.database.sqlite import Sqlite

Place = Path | str
"""A file of SQLite's, or the URL of a PostgreSQL."""


def opened(place: Place, schema: Schema) -> Database:
    """With every migration. Raises `StoreError` where that cannot be, and `SettingsError` for what is no address."""
    if isinstance(place, Path):
        return Sqlite(place, schema)
    from chatbot.common.database.postgres import Postgres

    return Postgres(place, schema)


def checked(place: Place) -> None:
    """Raises `SettingsError` for what is no address."""
    if isinstance(place, str):
        from chatbot.common.database.address import Address

        Address.of(place)
