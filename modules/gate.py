"""Where environments made before the installer had a folder of its own look for the provider of their gates."""

from installer.gate import ReadyProvider

__all__ = ["ReadyProvider"]
