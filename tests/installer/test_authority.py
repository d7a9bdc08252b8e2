import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from installer import authority
from installer.authority import (
    AUTHORITY_LIFE,
    AUTHORITY_RENEWED_BEFORE,
    CERTIFICATE_LIFE,
    RENEWED_BEFORE,
    KeyPair,
    ends_soon,
    new_authority,
    renewed,
    sign,
)
from installer.made_credentials import AuthorityProvider, CertificateProvider


def greet(tmp_path: Path, trusted: str, name: str, signer: KeyPair | None = None) -> str:
    """A TLS handshake with a server that shows a certificate for localhost; the server's name as verified."""
    made = sign(signer or AUTHORITY, ["localhost", "server.system.svc"])
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


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Everything that asks for the time hears one that much later."""
    monkeypatch.setattr(authority, "_now", lambda: datetime.now(UTC) + by)


def test_a_renewed_authority_and_the_former_trust_what_either_signs(tmp_path: Path) -> None:
    other = renewed(AUTHORITY)
    assert other.certificate != AUTHORITY.certificate
    assert greet(tmp_path, AUTHORITY.certificate, "localhost", other) == "hello"
    assert greet(tmp_path, other.certificate, "localhost", AUTHORITY) == "hello"


def test_an_authority_is_made_anew_while_it_still_outlives_all_that_it_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = AuthorityProvider()
    olds = {"name": "cairn test", **vars(AUTHORITY)}
    later(monkeypatch, AUTHORITY_LIFE - AUTHORITY_RENEWED_BEFORE - timedelta(days=1))
    assert not provider.diff("", olds, {}).changes
    signed = sign(AUTHORITY, ["localhost"])
    assert end(signed.certificate) < end(AUTHORITY.certificate)
    later(monkeypatch, AUTHORITY_LIFE - AUTHORITY_RENEWED_BEFORE + timedelta(days=1))
    assert provider.diff("", olds, {}).changes
    outs = provider.update("", olds, {"name": "cairn test"}).outs
    assert outs is not None
    assert outs["private_key"]
    assert end(outs["certificate"]) > end(AUTHORITY.certificate)
    assert not provider.diff("", outs, {}).changes


def test_what_an_authority_signed_is_signed_anew_by_the_renewed_one_and_before_its_own_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = CertificateProvider()
    props = {
        "name": "gateway",
        "dns_names": ["*.cairn.test"],
        "authority": AUTHORITY.certificate,
        "authority_key": AUTHORITY.private_key,
    }
    made = provider.create(props).outs
    assert made is not None
    assert not provider.diff("", made, props).changes
    assert provider.diff("", made, {**props, "authority": renewed(AUTHORITY).certificate}).changes
    later(monkeypatch, CERTIFICATE_LIFE - RENEWED_BEFORE + timedelta(days=1))
    assert provider.diff("", made, props).changes
    again = provider.update("", made, props).outs
    assert again is not None
    assert not provider.diff("", again, props).changes


def end(certificate: str) -> datetime:
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
