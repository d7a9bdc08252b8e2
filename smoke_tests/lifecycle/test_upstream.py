"""Supply `upstream`, rehearsed: the platform from first to last, against servers on this machine.

In a network namespace of the tests' own upstream's names lead to servers that have what `source` built, laid out as
upstream lays it out: release pages that send on to another host, archives of tags, a chart repository whose archives
are on a release page, registries with charts and with an index of architectures for each image. Who asks them trusts an
authority of the tests' own, and has no Go, a checkout of its own, and a cache in which only Debian's systems and tools
are, which are Debian's under both supplies.

What is not upstream's: the bytes. In Pulumi's archive the language host and the launcher of dynamic providers, which
are downloads only, are scripts that start Cairn's stand-ins. No registry asks for a login, and nothing is there for
another architecture than this machine's.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from catalog import cache, registry
from catalog.entries import ANY, Download, HelmUpstream
from catalog.items import Item, architecture, key
from catalog.supply import Supply
from catalog.upstream import fill
from modules.registry import catalog_items, enabled
from modules.validation import load
from smoke_tests.lifecycle.conftest import words
from smoke_tests.lifecycle.rehearsal import NAME, Rehearsal, rehearsal
from smoke_tests.lifecycle.upstream_site import released_at, spoil

PROFILE = "mini"

pytestmark = [pytest.mark.long, pytest.mark.together("life")]


@pytest.fixture(scope="module")
def rehearsed() -> Iterator[Rehearsal]:
    """Somebody with a checkout whose lock has no digests yet."""
    with rehearsal(catalog_items(load(PROFILE))) as found:
        yield found


@pytest.fixture(scope="module")
def findings(rehearsed: Rehearsal) -> list[dict[str, Any]]:
    """What `cairn catalog resolve` said of each address; the lock has been filled."""
    return resolve(rehearsed, rehearsed.fetched)


@pytest.fixture
def resolved(rehearsed: Rehearsal, findings: list[dict[str, Any]]) -> Rehearsal:
    """Somebody whose lock has a digest for everything."""
    assert findings
    return rehearsed


def resolve(person: Rehearsal, items: Sequence[Item]) -> list[dict[str, Any]]:
    """What the command says. It asks by supply `auto`, which can't be `source` where there is no Go."""
    done = person.tries("catalog", "resolve", *map(str, items), "--json")
    # Nothing is there for another architecture, and so something always has no answer.
    assert done.returncode == 1, done.stderr
    return list(json.loads(done.stdout))


def test_resolve_locks_a_digest_for_all_that_upstream_has_and_finds_it_again(
    rehearsed: Rehearsal, findings: list[dict[str, Any]]
) -> None:
    here = ("", ANY, architecture())
    assert {each["item"] for each in findings} == set(map(str, rehearsed.fetched))
    for each in findings:
        assert each["outcome"] == ("resolved" if each["architecture"] in here else "unanswered"), each
    # Programs are large, and of those one is enough.
    some = [item for item in rehearsed.fetched if item.kind != "binaries" or item.name == "crane"]
    again = resolve(rehearsed, some)
    assert {each["outcome"] for each in again if each["architecture"] in here} == {"same"}
    locked = {each["address"]: each["digest"] for each in findings}
    assert {each["address"]: each["known"] for each in again}.items() <= locked.items()


def test_the_platform_comes_up_from_upstream_alone_and_goes(resolved: Rehearsal) -> None:
    try:
        resolved.runs("up", PROFILE, "--name", NAME, "--supply", "upstream")
        found = json.loads(resolved.runs("status", "--name", NAME, "--json"))
        assert found["ready"] is True, found
        assert found["supply"] == "upstream"
        assert {module["name"] for module in found["modules"]} == {module.name for module in enabled(load(PROFILE))}
        preview = json.loads(resolved.runs("preview", "--name", NAME, "--json"))
        assert preview["steps"] == [], preview
        for item in resolved.fetched:
            receipt = json.loads((entry(resolved, item) / cache.RECEIPT).read_text())
            assert receipt["supply"] == "upstream", receipt
        assert resolved.cgroups
        resolved.runs("down", "--name", NAME, "--yes")
        assert not resolved.cgroups
        assert resolved.executes("ls", "/sys/class/net").stdout.split() == ["lo"]
    finally:
        resolved.tries("down", "--name", NAME, "--yes")


def entry(person: Rehearsal, item: Item) -> Path:
    """Where an item lies in the person's cache."""
    return person.root / "items" / item.kind / item.name / key(person.lock, item, Supply.UPSTREAM)


def file_of(person: Rehearsal, item: Item) -> Path:
    """The file that upstream gives for an item: an archive, or of an image its first layer."""
    lock = person.lock
    if item.kind == "images":
        _, _, layer, *_ = registry.parts(registry.tagged(lock.image(item.name)))
        return person.work / "store" / layer.relative_to(registry.store())
    if item.kind == "binaries":
        upstream: Download | HelmUpstream | None = lock.binaries[item.name].programs["containerd"].upstream
    else:
        upstream = lock.charts[item.name].upstream
    if isinstance(upstream, HelmUpstream):
        version = lock.charts[item.name].version
        url = f"{released_at(upstream, version)}/{upstream.chart}-{version}.tgz"
    else:
        assert upstream is not None
        url = fill(upstream.url, upstream, lock.version(item.name))
    return person.work / "site" / url.partition("://")[2]


MISMATCH = r": sha256 is \w+, catalog\.yaml says \w+; not used"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("binaries/containerd", r"containerd-static-\S+" + MISMATCH, id="release"),
        pytest.param("charts/metrics-server", r"metrics-server \S+" + MISMATCH, id="chart repository"),
        pytest.param("charts/local-path-provisioner", r"v0\.0\.30\.tar\.gz.*; not used", id="archive of a tag"),
        pytest.param("images/pause", r"sha256", id="registry"),
    ],
)
def test_a_changed_byte_is_refused(resolved: Rehearsal, name: str, why: str) -> None:
    item = Item(*name.split("/"))
    somebody = resolved.with_cache(f"cache-{name.replace('/', '-')}", without=item)
    file = file_of(resolved, item)
    whole = file.with_name(f"{file.name}.whole")
    whole.hardlink_to(file)
    spoil(file)
    try:
        done = somebody.tries("catalog", "build", name, "--supply", "upstream")
    finally:
        whole.replace(file)
    assert done.returncode == 1, done.stdout
    assert re.search(why, words(done)), done.stderr
    assert not entry(somebody, item).exists()
    # What refuses it is the byte: nothing else is wrong with it.
    somebody.runs("catalog", "build", name, "--supply", "upstream")
    assert entry(somebody, item).exists()
