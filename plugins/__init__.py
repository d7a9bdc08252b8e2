"""Stand-ins for the two programs of Pulumi's release that no package registry has.

`language` runs Python programs, `dynamic` serves dynamic providers.
The executables in `bin/` start them; `docs/plugins.md` says what each supports.
"""
