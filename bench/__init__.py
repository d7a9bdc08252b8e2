"""Measurements, each one command: `python -m bench` takes them and writes docs/performance.md. They assert nothing."""
