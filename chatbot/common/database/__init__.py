"""One door to what is kept in tables: SQLite in a file, or PostgreSQL for several Banyans at once."""
