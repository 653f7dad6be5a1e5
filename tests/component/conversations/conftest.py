"""Gives a test one process of the conversations service."""

import pytest

from services.storage.engine import Database
from tests.component.conversations.desk import Desk


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database, turno_ventana_segundos=1.5)
