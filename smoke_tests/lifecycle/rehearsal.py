"""Somebody who has no cache, no Go and a lock without digests, on a machine that reaches upstream alone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog import debian
from catalog.build import provide
from catalog.directories import REPOSITORY, cache_root
from catalog.items import Item, is_fetched, order, select
from catalog.schema import Catalog, load
from catalog.supply import Supply
from installer.authority import new_authority, sign
from smoke_tests.lifecycle.person import UP_SECONDS, Done, Person
from smoke_tests.lifecycle.upstream_servers import FORWARDING
from smoke_tests.lifecycle.upstream_site import Site, hosts, link_entry
from smoke_tests.support.checkout import copy_checkout, make_environment

NAME = "rehearsal"
STRANGE = ("CAIRN_", "PULUMI_", "KUBECONFIG", "PYTHON", "SSL_", "GO")
"""Variables that begin so are not the person's, nor are those of a proxy."""


@dataclass(frozen=True)
class Rehearsal:
    """Runs `cairn` of a checkout of its own, in the namespaces of the process `servers`."""

    work: Path
    servers: int
    items: tuple[Item, ...]
    """All that is had or made under supply `upstream`, in its order."""
    cache: str = "cache"
    """The directory below `work` that is the person's cache."""

    @property
    def lock(self) -> Catalog:
        """The checkout's lock as it is now."""
        return load(self.work / "checkout/catalog/catalog.yaml")

    @property
    def fetched(self) -> list[Item]:
        """Those items that come from upstream."""
        return [item for item in self.items if is_fetched(self.lock, item, Supply.UPSTREAM)]

    @property
    def root(self) -> Path:
        """The person's cache."""
        return self.work / self.cache / "cairn"

    @property
    def cgroups(self) -> list[Path]:
        """The control groups of the environment."""
        handle = Person(self.work / "state").handle(NAME)
        return [*Path("/sys/fs/cgroup").glob(f"*/cairn/{handle}"), *Path("/sys/fs/cgroup").glob(f"cairn/{handle}")]

    def with_cache(self, name: str, without: Item) -> "Rehearsal":
        """Somebody else there, whose cache has the programs that this person's has, and nothing of an item."""
        somebody = replace(self, cache=name)
        for entry in (self.root / "items/binaries").iterdir():
            if entry.name != without.name:
                shutil.copytree(entry, somebody.root / "items/binaries" / entry.name, copy_function=os.link)
        return somebody

    def tries(self, *words: str) -> Done:
        """Runs `cairn WORDS`, whatever comes of it."""
        return self.executes(str(self.work / "checkout/.venv/bin/python"), "-m", "cairn", *words)

    def runs(self, *words: str) -> str:
        """Runs `cairn WORDS`, which must succeed, and returns its standard output."""
        done = self.tries(*words)
        assert done.returncode == 0, f"cairn {' '.join(words)} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    def executes(self, *argv: str) -> Done:
        """Runs a program there, in the checkout."""
        inside = ["nsenter", "--net", "--mount", "--target", str(self.servers)]
        return subprocess.run(
            [*inside, "env", "--chdir", str(self.work / "checkout"), *argv],
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )

    def _variables(self) -> dict[str, str]:
        theirs = (key for key in os.environ if not key.startswith(STRANGE) and not key.lower().endswith("_proxy"))
        kept = {key: os.environ[key] for key in theirs}
        return kept | {
            "HOME": str(self.work / "home"),
            "XDG_CACHE_HOME": str(self.work / self.cache),
            "XDG_STATE_HOME": str(self.work / "state"),
            "SSL_CERT_FILE": str(self.work / "ca.pem"),
        }


@contextmanager
def rehearsal(wanted: list[str]) -> Iterator[Rehearsal]:
    """Lays out what upstream has of the items `wanted`, serves it, and takes it all away again.

    Debian's systems and tools come from Debian under both supplies: the person has those of this machine's cache.
    """
    catalog = load()
    # What is served are hard links to what lies in the cache, so that it must be on the same disk.
    with TemporaryDirectory(dir=cache_root(), prefix="rehearsal-") as folder:
        work = Path(folder)
        for name in ("site", "store", "tmp", "home"):
            (work / name).mkdir()
        checkout, items = work / "checkout", order(catalog, select(catalog, wanted), Supply.UPSTREAM)
        provide(wanted, Supply.SOURCE)
        copy_checkout(checkout)
        make_environment(checkout)
        site = Site(catalog, work / "site", work / "store", work / "tmp", _stand_ins(work / "stand-ins", checkout))
        site.lay_out(items)
        for item in items:
            ours = not is_fetched(catalog, item, Supply.UPSTREAM)
            if ours and not (item.kind == "tools" and debian.on_machine(item.name)):
                link_entry(catalog, item, Supply.UPSTREAM, work / "cache/cairn")
        _sign(work, hosts(catalog))
        with _served(work) as servers:
            yield Rehearsal(work, servers, tuple(items))


def _stand_ins(folder: Path, checkout: Path) -> dict[str, Path]:
    """What goes into Pulumi's archive in place of its language host and its launcher of dynamic providers.

    Scripts that start Cairn's own, so that where they lie and how they are found is as with Pulumi's; and a file that
    only says what it is in place of what Pulumi's language host alone starts.
    """
    folder.mkdir()
    texts = {
        name: f'#!/bin/sh\nexec {checkout}/plugins/bin/{name} "$@"\n'
        for name in ("pulumi-language-python", "pulumi-resource-pulumi-python")
    }
    texts["pulumi-language-python-exec"] = "#!/bin/sh\necho 'a stand-in of the rehearsal' >&2; exit 1\n"
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {f"pulumi/{name}": folder / name for name in texts}


def _sign(work: Path, names: list[str]) -> None:
    """An authority that the person trusts, a certificate of it for all hosts, and where their names lead."""
    authority = new_authority("rehearsal")
    pair = sign(authority, names)
    (work / "ca.pem").write_text(authority.certificate)
    (work / "server.pem").write_text(pair.certificate + pair.private_key)
    (work / "hosts").write_text(f"127.0.0.1 localhost {' '.join(names)}\n")


@contextmanager
def _served(work: Path) -> Iterator[int]:
    """Serves in namespaces of its own; the process that others enter them by."""
    module = ["-m", "smoke_tests.lifecycle.upstream_servers", str(work), FORWARDING.read_text()]
    process = subprocess.Popen(
        ["unshare", "--net", "--mount", sys.executable, *module],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        assert process.stdout.readline() == "serving\n", "the servers did not start: their words are above"
        yield process.pid
    finally:
        process.stdin.close()
        process.wait()
