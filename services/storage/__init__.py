"""Tables and queries: everything that Aprendiz keeps, on MySQL, MariaDB or SQLite."""
