"""Opens what a process or a command stands on: its broker and its database.

Each library is imported only where it serves: a command should not wait for what it does not use.
"""

from typing import TYPE_CHECKING

from services.runtime.broker import Broker
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from services.storage.engine import Database


def open_broker(settings: Settings, name: str) -> Broker:
    """RabbitMQ where a URL is set, else the embedded broker; not connected yet."""
    settings.make_home()
    if settings.amqp_url is None:
        from services.runtime.embedded import EmbeddedBroker

        return EmbeddedBroker(settings.broker_file)
    from services.runtime.rabbitmq import RabbitBroker

    return RabbitBroker(settings.amqp_url.get_secret_value(), name=f"aprendiz.{name}")


def open_database(settings: Settings) -> "Database":
    """The database of the settings; nothing is connected before the first transaction."""
    from services.storage.engine import Database

    settings.make_home()
    return Database.open(settings.database)
