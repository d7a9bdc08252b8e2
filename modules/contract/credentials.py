"""Credentials as data: modules say which password or certificate stands where, and only the installer fills them in.

Objects and values stay pure, and so can be compared, written down and shown: a credential in them is its name.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Password:
    """A generated password of 32 letters and digits; the same name is the same password all over an environment."""

    name: str

    def __str__(self) -> str:
        return f"<password {self.name}>"


@dataclass(frozen=True)
class Authority:
    """The certificate, as PEM text, of the environment's own certificate authority."""

    def __str__(self) -> str:
        return "<authority>"


@dataclass(frozen=True)
class Part:
    """One half of a certificate, as PEM text."""

    of: "Certificate"
    half: str
    """`certificate` or `private_key`."""

    def __str__(self) -> str:
        return f"<{self.half.replace('_', ' ')} {self.of.name} for {', '.join(self.of.dns_names)}>"


@dataclass(frozen=True)
class Certificate:
    """A serving certificate for these DNS names, signed by the environment's own authority."""

    name: str
    dns_names: tuple[str, ...]

    @property
    def certificate(self) -> Part:
        """What a server shows."""
        return Part(self, "certificate")

    @property
    def private_key(self) -> Part:
        """What a server keeps to itself."""
        return Part(self, "private_key")

    @property
    def authority(self) -> Authority:
        """What its clients trust."""
        return Authority()

    @property
    def authority_base64(self) -> "Encoded":
        """The same for a webhook's `caBundle`."""
        return Encoded(Authority())


@dataclass(frozen=True)
class Encoded:
    """A credential in base64."""

    content: "Credential"

    def __str__(self) -> str:
        return f"<base64 of {self.content}>"


class Text:
    """Text with credentials in it: `Text("redis://:{password}@host", password=Password("online-store"))`."""

    def __init__(self, template: str, **parts: "Credential") -> None:
        self.template = template
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.template, self.parts) == (other.template, other.parts)

    def __hash__(self) -> int:
        return hash((self.template, *self.parts.items()))

    def __str__(self) -> str:
        return self.template.format(**{name: str(part) for name, part in self.parts.items()})


class Digest:
    """A short fingerprint of content with credentials in it: another one for other credentials, and it tells none."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def __str__(self) -> str:
        return f"<digest of {', '.join(dict.fromkeys(str(source) for source in sources(self)))}>"


Source = Password | Authority | Part
"""What somebody must make."""
Credential = Source | Encoded | Text | Digest
"""What may stand in an object or in a chart's values."""


def filled(content: Any, fill: Callable[[Credential], Any]) -> Any:
    """The content with `fill`'s answer in place of each credential in it, however deep. Pure if `fill` is."""
    if isinstance(content, Credential):
        return fill(content)
    if isinstance(content, Mapping):
        return {key: filled(value, fill) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [filled(value, fill) for value in content]
    return content


def named(content: Any) -> Any:
    """The content with each credential's name in its place: to show, to compare, to write down."""
    return filled(content, str)


def value(credential: Credential, make: Callable[[Source], str]) -> str:
    """A credential's plain text, where `make` gives that of what it is made of."""
    if isinstance(credential, Encoded):
        return base64.b64encode(value(credential.content, make).encode()).decode()
    if isinstance(credential, Text):
        return credential.template.format(**{name: value(part, make) for name, part in credential.parts.items()})
    if isinstance(credential, Digest):
        plain = filled(credential.content, lambda part: value(part, make))
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
    return make(credential)


def sources(credential: Credential) -> list[Source]:
    """What must be made before the credential's text is known."""
    found: list[Source] = []

    def note(source: Source) -> str:
        found.append(source)
        return ""

    value(credential, note)
    return found
