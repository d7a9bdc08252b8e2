"""Where environments made before the installer had a folder of its own look for the providers of their credentials."""

from installer.made_credentials import AuthorityProvider, CertificateProvider, PasswordProvider

__all__ = ["AuthorityProvider", "CertificateProvider", "PasswordProvider"]
