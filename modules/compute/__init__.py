"""Modules that run and queue work."""
