"""The statements that keep or replace a row, where no server of that kind is at hand."""

from sqlalchemy.dialects.mysql.aiomysql import MySQLDialect_aiomysql

from services.storage.tables import leases
from services.storage.upsert import replacing


def test_mysql_8_names_the_new_row_and_mariadb_its_values() -> None:
    mysql, mariadb = MySQLDialect_aiomysql(), MySQLDialect_aiomysql()
    mariadb.is_mariadb = True
    columns = ["name", "token"]
    told = str(replacing(leases).compile(dialect=mysql, column_keys=columns))
    assert told.endswith("AS fresh ON DUPLICATE KEY UPDATE token = fresh.token")
    told = str(replacing(leases).compile(dialect=mariadb, column_keys=columns))
    assert told.endswith(") ON DUPLICATE KEY UPDATE token = VALUES(token)")
