"""Pulumi's language host for Python, standing in for the official one."""
