"""Hosts that are system containers on this machine."""
