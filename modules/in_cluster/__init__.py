"""Programs that run in pods, on what the pods' images have: Python's standard library, or a shell beside PostgreSQL."""

from pathlib import Path


def program(name: str) -> str:
    """The text of one of them, to hand to a pod in a ConfigMap."""
    return (Path(__file__).parent / name).read_text()
