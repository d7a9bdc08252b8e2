"""One command per file; `cairn.app` puts them together.

What is slow to import (Pulumi, Kubernetes) is imported inside the functions, so that help, completion and refusals
come at once.
"""
