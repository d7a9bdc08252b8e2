"""Modules for the people who use the platform."""
