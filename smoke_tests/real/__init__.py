"""Checks of REAL devices, by hand on a machine that has one; nothing here runs in `make test`."""
