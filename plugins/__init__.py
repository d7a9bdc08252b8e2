"""Stand-ins for Pulumi's plug-ins, used where the official downloads can't be had.

`language` runs Python programs, `dynamic` serves dynamic providers and `kubernetes` is the Kubernetes provider.
The executables in `bin/` start them; `docs/plugins.md` says what each supports.
"""
