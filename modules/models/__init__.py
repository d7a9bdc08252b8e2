"""Modules that track and serve models."""
