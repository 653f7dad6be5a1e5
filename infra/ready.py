"""Is a service ready? The container's health check: `python infra/ready.py 9102`.

Standard library only, and no import of ours: it runs every few seconds beside each service.
"""

import sys
import urllib.error
import urllib.request

TIMEOUT_S = 4.0


def trouble(port: str) -> str | None:
    """What `/readyz` on this loopback port says is away, or None when the service is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=TIMEOUT_S):
            return None
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode(errors="replace")
    except OSError as error:
        return f"nothing answers on port {port}: {error}"


if __name__ == "__main__":
    sys.exit(trouble(sys.argv[1]))
