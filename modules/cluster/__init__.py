"""Modules that the cluster itself needs: volumes, metrics, accelerators, the entry point."""
