"""Checks of the nodes themselves, over SSH, by pytest-testinfra."""
