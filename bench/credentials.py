"""Credentials for the yardstick, made on the spot: the same kinds as Cairn's, kept by nobody."""

from typing import Any

from installer.authority import KeyPair, new_authority, sign
from installer.made_credentials import new_password
from modules.contract.credentials import Authority, Password, Source, filled, value


class Credentials:
    """Each is made when it is first asked for, and the same from then on."""

    def __init__(self) -> None:
        self._authority = new_authority("bench")
        self._passwords: dict[str, str] = {}
        self._certificates: dict[str, KeyPair] = {}

    def fill(self, content: Any) -> Any:
        """The content with every credential in it filled in."""
        return filled(content, lambda credential: value(credential, self._made))

    def _made(self, source: Source) -> str:
        if isinstance(source, Password):
            return self._passwords.setdefault(source.name, new_password())
        if isinstance(source, Authority):
            return self._authority.certificate
        wanted = source.of
        if wanted.name not in self._certificates:
            self._certificates[wanted.name] = sign(self._authority, wanted.dns_names)
        return str(getattr(self._certificates[wanted.name], source.half))
