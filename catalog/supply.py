"""Where items come from: upstream's registries and release pages, or built here from package registries."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

import httpx

from catalog.errors import CatalogError
from catalog.schema import load

API_HOSTS = {"docker.io": "registry-1.docker.io"}
"""Registries whose API answers under another name than their images carry."""


class Supply(StrEnum):
    """The two ways to get an item; names, versions and paths are the same under both."""

    SOURCE = "source"
    UPSTREAM = "upstream"


def answers(host: str, timeout: float = 3.0) -> str:
    """Why the registry at `host` can't be used; empty when it speaks the registry protocol."""
    try:
        answer = httpx.get(f"https://{API_HOSTS.get(host, host)}/v2/", timeout=timeout, follow_redirects=True)
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    # 401 is how a registry asks for a token, which crane then gets.
    return "" if answer.status_code in (200, 401) else f"HTTP {answer.status_code}"


def resolve(wanted: str, hosts: Iterable[str] | None = None, ask: Callable[[str], str] = answers) -> tuple[Supply, str]:
    """The supply to use and why, as a clause for the user. `auto` asks every registry of the catalog, once each.

    The caller keeps the answer: a running environment never changes its supply by itself.
    """
    if wanted in tuple(Supply):
        return Supply(wanted), "as set"
    if wanted != "auto":
        raise CatalogError(f"supply {wanted!r} is none of auto, source, upstream; `pulumi config set supply auto`")
    asked = list(load().registries() if hosts is None else hosts)
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        refusals = {host: why for host, why in zip(asked, pool.map(ask, asked), strict=True) if why}
    if not refusals:
        return Supply.UPSTREAM, f"{', '.join(asked)} answer"
    host, why = next(iter(refusals.items()))
    return Supply.SOURCE, f"{host} does not answer ({why})"
