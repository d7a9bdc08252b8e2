"""Profiles: what a platform team picks. `profiles.load` reads them, `profiles.schema` says what they may hold."""
