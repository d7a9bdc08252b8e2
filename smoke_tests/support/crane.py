"""crane as a member runs it outside of the cluster, at the entry point by its name and certificate."""

import os
import subprocess
from pathlib import Path

from catalog.build import binary
from smoke_tests.support.entry import Entry
from smoke_tests.support.own_hosts import seeing

SECONDS = 120


class Crane:
    """One person's crane, who has logged in with a token, or not."""

    def __init__(self, home: Path, entry: Entry, host: str, token: str = "") -> None:
        self.home = home
        (home / "hosts").write_text(f"127.0.0.1 localhost\n{entry.address} {host}\n")
        (home / "authority.pem").write_text(entry.authority)
        if token:
            self("auth", "login", host, "--username", "me", "--password-stdin", said=token)

    def __call__(self, *arguments: str, said: str | None = None) -> str:
        """What crane prints. Raises AssertionError with it where it fails."""
        done = subprocess.run(
            [*seeing(self.home / "hosts"), str(binary("crane")), *arguments],
            env={**os.environ, "DOCKER_CONFIG": str(self.home), "SSL_CERT_FILE": str(self.home / "authority.pem")},
            input=said,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"crane {arguments[0]} failed: {done.stderr}"
        return done.stdout
