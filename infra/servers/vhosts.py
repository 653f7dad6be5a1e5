"""Fresh virtual hosts on a RabbitMQ, made by its management plugin (10 ms each)."""

import base64
import http.client
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

TIMEOUT_S = 15.0
API_URL_VARIABLE = "APRENDIZ_TEST_RABBITMQ_API_URL"
EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}


class VirtualHostFailed(RuntimeError):
    """RabbitMQ's management interface was not reached, or refused; the message says which."""


class AmqpServer(Protocol):
    """A RabbitMQ that runs: ours or one that the environment names."""

    @property
    def url(self) -> str:
        """Its AMQP URL, user and password included."""

    @property
    def api_url(self) -> str:
        """Its management interface, user and password included: `http://user:password@host:port`."""


@dataclass(frozen=True)
class GivenAmqpServer:
    """A RabbitMQ that somebody else runs; its management plugin is at the usual port by default."""

    url: str

    @property
    def api_url(self) -> str:
        """The environment's `APRENDIZ_TEST_RABBITMQ_API_URL`, else port 15672 of the same host."""
        credentials, _, host = urlsplit(self.url).netloc.rpartition("@")
        usual = f"http://{credentials or 'guest:guest'}@{host.partition(':')[0]}:15672"
        return os.environ.get(API_URL_VARIABLE, usual)


def create_vhost(server: AmqpServer) -> str:
    """Make an empty virtual host that the server's user may use; returns its AMQP URL."""
    name = f"aprendiz_test_{secrets.token_hex(4)}"
    user = unquote(urlsplit(server.url).username or "guest")
    _request(server, "PUT", f"/api/vhosts/{name}")
    _request(server, "PUT", f"/api/permissions/{name}/{quote(user, safe='')}", EVERYTHING)
    return urlsplit(server.url)._replace(path=f"/{name}").geturl()


def delete_vhost(server: AmqpServer, vhost_url: str) -> None:
    """Remove a virtual host with all that is in it; its connections are closed by the broker."""
    _request(server, "DELETE", f"/api/vhosts{urlsplit(vhost_url).path}")


def import_definitions(server: AmqpServer, vhost_url: str, definitions: Mapping[str, Any]) -> None:
    """Import exchanges, queues and bindings into a virtual host, as `load_definitions` would."""
    kinds = ("exchanges", "queues", "bindings")
    own = {
        kind: [{k: v for k, v in each.items() if k != "vhost"} for each in definitions[kind]]
        for kind in kinds
    }
    _request(server, "POST", f"/api/definitions{urlsplit(vhost_url).path}", own)


def _request(
    server: AmqpServer, method: str, path: str, body: Mapping[str, Any] | None = None
) -> None:
    url = urlsplit(server.api_url)
    credentials = f"{unquote(url.username or '')}:{unquote(url.password or '')}".encode()
    headers = {
        "Authorization": "Basic " + base64.b64encode(credentials).decode(),
        "Content-Type": "application/json",
    }
    where = f"{method} {path} at {url.hostname}:{url.port}"
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, json.dumps(body or {}), headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except OSError as error:
        raise VirtualHostFailed(
            f"RabbitMQ's management plugin was not reached ({where}: {error}); enable "
            f"rabbitmq_management, or name its address in {API_URL_VARIABLE}"
        ) from error
    finally:
        connection.close()
    if answer.status >= http.client.BAD_REQUEST:
        raise VirtualHostFailed(f"RabbitMQ refused {where}: {answer.status} {text}")
