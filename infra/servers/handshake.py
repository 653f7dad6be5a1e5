"""Does a server really speak? A first exchange of its protocol over a plain socket.

An open port is not enough: RabbitMQ accepts connections before it can serve them.
"""

import socket
import struct

AMQP_PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
# A method frame (type 1) on channel 0 carrying Connection.Start (class 10, method 10).
FRAME_HEADER = struct.Struct(">BHIHH")
MYSQL_PROTOCOL_10 = 0x0A
TIMEOUT_S = 2.0


def amqp_answers(port: int) -> bool:
    """Whether an AMQP 0-9-1 broker on this loopback port answers with Connection.Start."""
    reply = _exchange(port, AMQP_PROTOCOL_HEADER, FRAME_HEADER.size)
    if len(reply) < FRAME_HEADER.size:
        return False
    kind, channel, _, class_id, method_id = FRAME_HEADER.unpack(reply)
    return (kind, channel, class_id, method_id) == (1, 0, 10, 10)


def mysql_answers(port: int) -> bool:
    """Whether a MySQL or MariaDB server on this loopback port sends its greeting (not an error)."""
    greeting = _exchange(port, b"", 5)
    return len(greeting) == 5 and greeting[4] == MYSQL_PROTOCOL_10


def port_accepts(port: int) -> bool:
    """Whether something listens: enough for epmd, which is ready once it does."""
    try:
        socket.create_connection(("127.0.0.1", port), TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _exchange(port: int, send: bytes, length: int) -> bytes:
    """Up to `length` bytes of what the server answers; fewer when it closes, refuses or is mute."""
    received = b""
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
            connection.sendall(send)
            while len(received) < length:
                part = connection.recv(length - len(received))
                if not part:
                    break
                received += part
    except OSError:
        return b""
    return received
