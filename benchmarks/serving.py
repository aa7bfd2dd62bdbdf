"""A plain file server with TLS, and a certificate that clients trust by ``SSL_CERT_FILE``."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NGINX = """
daemon off; worker_processes 1; pid {root}/nginx.pid; error_log {root}/error.log;
user {user};
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; keepalive_requests 100000;
  default_type application/octet-stream;
  types {{ video/mp4 mp4; audio/mp4 m4a; application/json json; }}
  client_body_temp_path {root}; proxy_temp_path {root}; fastcgi_temp_path {root};
  uwsgi_temp_path {root}; scgi_temp_path {root};
  server {{
    listen 127.0.0.1:{port} ssl; root {files};
    ssl_certificate {certificate}; ssl_certificate_key {key};
  }}
}}
"""

_FALLBACK = """
import sys, uvicorn
from starlette.staticfiles import StaticFiles
folder, port, certificate, key = sys.argv[1:]
app = StaticFiles(directory=folder, follow_symlink=True)
uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error",
            ssl_certfile=certificate, ssl_keyfile=key)
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs.

    Attributes:
        url: Where its files are.
        certificate: What clients must trust.
        name: Which program it is, for the notes.
    """

    url: str
    certificate: Path
    name: str

    @property
    def environment(self) -> dict[str, str]:
        """What a client must have in its environment."""
        return {"SSL_CERT_FILE": str(self.certificate)}


@contextmanager
def serve(files: Path, work: Path) -> Iterator[Server]:
    """Serve the folder *files* over HTTPS, by nginx where there is one, else by uvicorn."""
    certificate, key = _make_certificate(work)
    port = _find_port()
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if nginx:
        config = work / "nginx.conf"
        config.write_text(
            _NGINX.format(
                root=work,
                port=port,
                files=files,
                certificate=certificate,
                key=key,
                user=Path.home().owner(),
            )
        )
        command = [nginx, "-p", str(work), "-e", str(work / "error.log"), "-c", str(config)]
    else:
        command = [sys.executable, "-c", _FALLBACK, str(files), str(port)]
        command += [str(certificate), str(key)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _await(process, port)
        yield Server(f"https://127.0.0.1:{port}", certificate, "nginx" if nginx else "uvicorn")
    finally:
        process.terminate()
        process.wait()


def _make_certificate(work: Path) -> tuple[Path, Path]:
    certificate, key = work / "server.pem", work / "server.key"
    kind = ["-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key)]
    command = ["openssl", "req", "-x509", *kind, *names, "-out", str(certificate)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return certificate, key


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    trusting = ssl._create_unverified_context()
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit("the file server did not start")
        try:
            with (
                socket.create_connection(("127.0.0.1", port), 1) as plain,
                trusting.wrap_socket(plain),
            ):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the file server does not answer")
