"""Smoke tests of the Pulumi plug-in stand-ins: the real `pulumi` against a real API server."""
