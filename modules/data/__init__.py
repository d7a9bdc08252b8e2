"""Modules that keep data."""
