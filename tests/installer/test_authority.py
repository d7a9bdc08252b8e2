import socket
import ssl
import threading
from pathlib import Path

import pytest

from installer.authority import ends_soon, new_authority, sign


def greet(tmp_path: Path, trusted: str, name: str) -> str:
    """A TLS handshake with a server that shows a certificate for localhost; the server's name as verified."""
    made = sign(AUTHORITY, ["localhost", "server.system.svc"])
    shown = tmp_path / "shown.pem"
    shown.write_text(made.certificate + made.private_key)
    of_server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    of_server.load_cert_chain(shown)
    near, far = socket.socketpair()

    def serve() -> None:
        try:
            with of_server.wrap_socket(far, server_side=True) as stream:
                stream.sendall(b"hello")
        except ssl.SSLError:
            far.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        context = ssl.create_default_context(cadata=trusted)
        with near, context.wrap_socket(near, server_hostname=name) as stream:
            return stream.recv(5).decode()
    finally:
        server.join()


AUTHORITY = new_authority("cairn test")


@pytest.mark.parametrize("name", ["localhost", "server.system.svc"])
def test_a_signed_certificate_is_trusted_for_its_names(tmp_path: Path, name: str) -> None:
    assert greet(tmp_path, AUTHORITY.certificate, name) == "hello"


def test_a_signed_certificate_is_not_trusted_for_another_name(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        greet(tmp_path, AUTHORITY.certificate, "other.system.svc")


def test_another_authority_is_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(tmp_path, new_authority("cairn test").certificate, "localhost")


def test_a_new_certificate_does_not_end_soon() -> None:
    assert not ends_soon(sign(AUTHORITY, ["localhost"]).certificate)
