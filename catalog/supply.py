"""Where items come from: upstream's registries and release pages, or built here from package registries."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from catalog.errors import CatalogError
from catalog.schema import load

API_HOSTS = {"docker.io": "index.docker.io"}
"""Registries whose API answers under another name than their images carry: the one that crane asks."""
PROTOCOL = "Docker-Distribution-Api-Version"
"""The header by which a registry is told from a captive portal or a proxy that answers in its place."""


class Supply(StrEnum):
    """The two ways to get an item; names, versions and paths are the same under both."""

    SOURCE = "source"
    UPSTREAM = "upstream"


def places() -> list[str]:
    """Whom `auto` asks: registries by their hosts, and one file of each page that files come from, by its address.

    Pages send on to hosts of other names; a release's file and an archive made of a tag to different ones.
    """
    from catalog.upstream import fill

    lock = load()
    files: dict[tuple[str, bool], str] = {}
    for download, version in lock.downloads():
        files.setdefault((download.url.split("/")[2], download.generated), fill(download.url, download, version))
    indexes = [f"{repository}/index.yaml" for repository in lock.chart_repositories()]
    return [*lock.published_registries(), *files.values(), *indexes]


def answers(place: str, timeout: float = 3.0) -> str:
    """Why nothing can be had of `place`; empty when the registry speaks its protocol, or the file's host gives it."""
    import httpx  # most commands ask nobody, and it takes longer to import than all that they do need

    host = place
    try:
        if "://" in place:
            # The file itself is not read: its headers come from the host that would send it.
            with httpx.stream("GET", place, timeout=timeout, follow_redirects=True) as file:
                return "" if file.is_success else f"HTTP {file.status_code}"
        answer = httpx.get(f"https://{API_HOSTS.get(host, host)}/v2/", timeout=timeout, follow_redirects=True)
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    # 401 is how a registry asks for a token, which crane then gets.
    if answer.status_code not in (200, 401):
        return f"HTTP {answer.status_code}"
    return "" if PROTOCOL in answer.headers else "what answers is no registry"


def resolve(wanted: str, hosts: Iterable[str] | None = None, ask: Callable[[str], str] = answers) -> tuple[Supply, str]:
    """The supply to use and why, as a clause for the user. `auto` asks each of `places` once.

    The caller keeps the answer: a running environment never changes its supply by itself.
    """
    if wanted in tuple(Supply):
        return Supply(wanted), "as set"
    if wanted != "auto":
        raise CatalogError(f"supply {wanted!r} is none of auto, source, upstream; `pulumi config set supply auto`")
    asked = places() if hosts is None else list(hosts)
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        refusals = {host: why for host, why in zip(asked, pool.map(ask, asked), strict=True) if why}
    if not refusals:
        shown = dict.fromkeys(place.split("/")[2] if "://" in place else place for place in asked)
        return Supply.UPSTREAM, f"{', '.join(shown)} answer"
    host, why = next(iter(refusals.items()))
    return Supply.SOURCE, f"{host} does not answer ({why})"
