"""A certificate authority of the environment's own, and what it signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
CERTIFICATE_LIFE = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=60)
"""How long before its end a certificate is made anew, by the next `up`."""
AUTHORITY_RENEWED_BEFORE = CERTIFICATE_LIFE + RENEWED_BEFORE
"""The same for an authority: nothing that it signs outlives it."""
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class KeyPair:
    """A certificate and its private key, as PEM text."""

    certificate: str
    private_key: str


def new_authority(name: str) -> KeyPair:
    """A new authority, whose subject's common name is `name`."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return _own(subject, ec.generate_private_key(ec.SECP256R1()))


def renewed(authority: KeyPair) -> KeyPair:
    """The same authority, that is, its name and key, for another life.

    Who trusts the former certificate trusts what this one signs, and the other way round, for as long as both last.
    """
    subject = x509.load_pem_x509_certificate(authority.certificate.encode()).subject
    return _own(subject, _key_of(authority))


def sign(authority: KeyPair, dns_names: Sequence[str]) -> KeyPair:
    """A new serving certificate for `dns_names`, signed by `authority`."""
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    issuer_key = _key_of(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name has at most 64 characters, and nobody reads it beside the DNS names.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, dns_names[0][:64])])
    builder = _builder(subject, issuer.subject, key.public_key(), CERTIFICATE_LIFE)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names]), False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    public = issuer_key.public_key()
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    return _signed(builder, key, issuer_key)


def ends_soon(certificate: str, before: timedelta = RENEWED_BEFORE) -> bool:
    """Whether it is time for another one."""
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc < _now() + before


def _now() -> datetime:
    return datetime.now(UTC)


def _key_of(authority: KeyPair) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(authority.private_key.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _own(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    builder = _builder(subject, subject, key.public_key(), AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return _signed(builder, key, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = _now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> KeyPair:
    certificate = builder.sign(signer, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(certificate.public_bytes(serialization.Encoding.PEM).decode(), key.private_bytes(*form).decode())
