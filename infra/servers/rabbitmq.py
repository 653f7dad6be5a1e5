"""A private RabbitMQ node on loopback, without the system's service manager."""

import secrets
from pathlib import Path

from infra.servers.handshake import amqp_answers, port_accepts
from infra.servers.packages import program
from infra.servers.ports import kept_ports, require_free
from infra.servers.process import Process

START_S = 90.0  # 7-10 s on a quiet machine

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
loopback_users = none
disk_free_limit.absolute = 500MB
"""
HTTP_API_CONFIGURATION = """\
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
management_agent.disable_metrics_collector = true
"""


class RabbitMQ:
    """A RabbitMQ node whose data, log and ports live in one folder and survive restarts.

    `http_api` switches the management plugin on, which makes virtual hosts (AMQP cannot); a node
    with it takes 6 s to stop in order instead of 1.
    """

    def __init__(self, folder: Path, *, http_api: bool = False) -> None:
        self.folder = folder.resolve()
        self._http_api = http_api
        self._ports = kept_ports(self.folder, ("amqp", "management", "distribution", "epmd"))
        self._node = Process("rabbitmq", self.folder)
        self._epmd = Process("epmd", self.folder)

    @property
    def port(self) -> int:
        """The AMQP port on 127.0.0.1."""
        return self._ports["amqp"]

    @property
    def url(self) -> str:
        """The AMQP URL of the default virtual host."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    @property
    def api_url(self) -> str:
        """Where the management plugin listens, credentials included."""
        return f"http://guest:guest@127.0.0.1:{self._ports['management']}"

    @property
    def running(self) -> bool:
        """Whether the node's process lives."""
        return self._node.pid is not None

    def start(self) -> None:
        """Start the node unless it runs, and return once it answers the AMQP handshake.

        Raises MissingPackages, PortTaken, or ServerFailed with the end of its log.
        """
        if not self.running:
            self._launch()
        self._node.wait_ready(lambda: amqp_answers(self.port), START_S)

    def stop(self) -> None:
        """Stop the node and its epmd in order (1-2 s)."""
        self._node.stop()
        self._epmd.stop()

    def kill(self) -> None:
        """Kill the node as a crash would (SIGKILL); `start` brings it back with its data."""
        self._node.kill()
        self._epmd.kill()

    def restart(self) -> None:
        """Stop the node in order and start it again on the same port with the same data."""
        self._node.stop()
        self.start()

    def _launch(self) -> None:
        require_free(self.folder, self.port)
        self._write_files()
        self._epmd.start([program("epmd"), "-address", "127.0.0.1", "-port", self._epmd_port])
        self._epmd.wait_ready(lambda: port_accepts(self._ports["epmd"]), 10)
        self._node.start([program("rabbitmq-server")], self._environment())

    @property
    def _epmd_port(self) -> str:
        return str(self._ports["epmd"])

    def _write_files(self) -> None:
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(secrets.token_hex(16))
            cookie.chmod(0o400)
        settings = CONFIGURATION + (HTTP_API_CONFIGURATION if self._http_api else "")
        (self.folder / "rabbitmq.conf").write_text(settings.format(**self._ports))
        plugins = "rabbitmq_management" if self._http_api else ""
        (self.folder / "enabled_plugins").write_text(f"[{plugins}].\n")

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder / "home"),
            "RABBITMQ_NODENAME": f"aprendiz{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "node.own"),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._ports["distribution"]),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ("-kernel inet_dist_use_interface {127,0,0,1}"),
            "ERL_EPMD_PORT": self._epmd_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # The start script then becomes the node instead of standing over it as its parent, so
            # that our pid is the node's and SIGKILL hits the node.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
