"""The resources behind credentials: each is made once, kept as a secret of the stack, and handed to who asks.

They live in the state and nowhere else, so deleting one changes nothing outside of it.
"""

import secrets
import string
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from installer.authority import AUTHORITY_RENEWED_BEFORE, KeyPair, ends_soon, new_authority, renewed, sign
from modules.contract.credentials import (
    Authority,
    Certificate,
    Credential,
    Digest,
    Encoded,
    Part,
    Password,
    Source,
    Text,
    sources,
    value,
)

LENGTH = 32
ALPHABET = string.ascii_letters + string.digits
"""Without what a URL, a shell or a configuration file would read as its own."""


def new_password() -> str:
    """Some 190 bits of chance."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


class _Provider(ResourceProvider):
    # Nothing secret is captured in it, and a secret provider makes every diff of it unreadable.
    serialize_as_secret_always = False


class PasswordProvider(_Provider):
    """Pickled by reference, so it must stay importable as `installer.made_credentials.PasswordProvider`."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Draw a password."""
        return CreateResult(id_=props["name"], outs={"name": props["name"], "value": new_password()})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Never: a password that changed would lock out whoever was given it."""
        return DiffResult(changes=False)


class AuthorityProvider(_Provider):
    """Pickled by reference, as above."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the authority."""
        return CreateResult(id_=props["name"], outs={"name": props["name"], **vars(new_authority(props["name"]))})

    def diff(self, _id: str, olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Not before its time is nearly up: clients trust this one."""
        return DiffResult(changes=ends_soon(olds["certificate"], AUTHORITY_RENEWED_BEFORE))

    def update(self, _id: str, olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The same authority for another life."""
        made = renewed(KeyPair(olds["certificate"], olds["private_key"]))
        return UpdateResult(outs={"name": olds["name"], **vars(made)})


class CertificateProvider(_Provider):
    """Pickled by reference, as above."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Sign a certificate."""
        return CreateResult(id_=props["name"], outs=_certified(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another one for other names, by another authority, and in time before it ends."""
        other = any(olds.get(key) != news.get(key) for key in ("dns_names", "authority"))
        return DiffResult(changes=other or ends_soon(olds["certificate"]))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """As create."""
        return UpdateResult(outs=_certified(news))


def _certified(props: dict[str, Any]) -> dict[str, Any]:
    made = sign(KeyPair(props["authority"], props["authority_key"]), props["dns_names"])
    kept = {key: props[key] for key in ("name", "dns_names", "authority", "authority_key")}
    return {**kept, **vars(made)}


class _Password(Resource, module="cairn", name="Password"):
    value: pulumi.Output[str]

    def __init__(self, name: str) -> None:
        options = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        super().__init__(PasswordProvider(), name, {"name": name, "value": None}, options)


class _KeyPair(Resource, module="cairn", name="KeyPair"):
    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]

    def __init__(self, provider: ResourceProvider, name: str, props: dict[str, Any]) -> None:
        options = pulumi.ResourceOptions(additional_secret_outputs=["private_key", "authority_key"])
        super().__init__(provider, name, {"name": name, **props, "certificate": None, "private_key": None}, options)


class Credentials:
    """Makes each credential that is asked for, once."""

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._passwords: dict[str, _Password] = {}
        self._certificates: dict[str, tuple[Certificate, _KeyPair]] = {}
        self._authority: _KeyPair | None = None

    def fill(self, credential: Credential) -> pulumi.Output[str]:
        """The credential's value, a secret unless it is a certificate."""
        match credential:
            case Encoded() | Text() | Digest():
                # The parts come with the outputs of what they are made of, secret or not.
                made = {str(source): self._made(source) for source in sources(credential)}
                text = pulumi.Output.all(**made).apply(
                    lambda plain: value(credential, lambda source: str(plain[str(source)]))
                )
                return pulumi.Output.unsecret(text) if isinstance(credential, Digest) else text
            case _:
                return self._made(credential)

    def _made(self, source: Source) -> pulumi.Output[str]:
        match source:
            case Password():
                if source.name not in self._passwords:
                    self._passwords[source.name] = _Password(source.name)
                return secret(self._passwords[source.name].value)
            case Authority():
                return self._own_authority().certificate
            case Part():
                made = self._certificate(source.of)
                return made.certificate if source.half == "certificate" else secret(made.private_key)

    def _own_authority(self) -> _KeyPair:
        if self._authority is None:
            self._authority = _KeyPair(AuthorityProvider(), f"cairn {self._environment}", {})
        return self._authority

    def _certificate(self, wanted: Certificate) -> _KeyPair:
        if wanted.name not in self._certificates:
            authority = self._own_authority()
            props = {
                "dns_names": list(wanted.dns_names),
                "authority": authority.certificate,
                "authority_key": secret(authority.private_key),
            }
            self._certificates[wanted.name] = wanted, _KeyPair(CertificateProvider(), wanted.name, props)
        known, made = self._certificates[wanted.name]
        if known != wanted:
            raise ValueError(f"two certificates are called {wanted.name}: {known.dns_names} and {wanted.dns_names}")
        return made


def secret(output: pulumi.Output[str]) -> pulumi.Output[str]:
    """The output, never in plain text in the state."""
    return pulumi.Output.secret(output)
