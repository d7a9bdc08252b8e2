"""Pulumi's Kubernetes provider, standing in for the official plug-in.

Every kind is created, updated and deleted by server-side apply over the official `kubernetes` client, with the official
plug-in's names, waits, replacements and state (its documentation, and what it was seen to do, are the source of the
rules); Helm releases go through the `helm` binary. What is not supported fails with an error that names it.
"""
