"""Private RabbitMQ and MariaDB on loopback, for tests and for machines without Docker."""
