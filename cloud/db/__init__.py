"""The database: engine, sessions, the declarative base, migrations. Knows no table's meaning."""
