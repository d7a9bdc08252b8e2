"""Where items come from: upstream's registries and release pages, or built here from package registries."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from catalog.errors import CatalogError
from catalog.schema import load

API_HOSTS = {"docker.io": "registry-1.docker.io"}
"""Registries whose API answers under another name than their images carry."""
PROTOCOL = "Docker-Distribution-Api-Version"
"""The header by which a registry is told from a captive portal or a proxy that answers in its place."""


class Supply(StrEnum):
    """The two ways to get an item; names, versions and paths are the same under both."""

    SOURCE = "source"
    UPSTREAM = "upstream"


def answers(host: str, timeout: float = 3.0) -> str:
    """Why `host` can't be used; empty when it speaks the registry protocol or, a release page's, answers at all."""
    import httpx  # most commands ask nobody, and it takes longer to import than all that they do need

    registry = host not in load().release_hosts()
    try:
        if not registry:
            status = httpx.head(f"https://{host}/", timeout=timeout).status_code
            # What a host says of its front page does not matter; a proxy's refusal does.
            return f"HTTP {status}" if status in (403, 407) or status >= 500 else ""
        answer = httpx.get(f"https://{API_HOSTS.get(host, host)}/v2/", timeout=timeout, follow_redirects=True)
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    # 401 is how a registry asks for a token, which crane then gets.
    if answer.status_code not in (200, 401):
        return f"HTTP {answer.status_code}"
    return "" if PROTOCOL in answer.headers else "what answers is no registry"


def resolve(wanted: str, hosts: Iterable[str] | None = None, ask: Callable[[str], str] = answers) -> tuple[Supply, str]:
    """The supply to use and why, as a clause for the user. `auto` asks each registry and release page once.

    The caller keeps the answer: a running environment never changes its supply by itself.
    """
    if wanted in tuple(Supply):
        return Supply(wanted), "as set"
    if wanted != "auto":
        raise CatalogError(f"supply {wanted!r} is none of auto, source, upstream; `pulumi config set supply auto`")
    asked = [*load().published_registries(), *load().release_hosts()] if hosts is None else list(hosts)
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        refusals = {host: why for host, why in zip(asked, pool.map(ask, asked), strict=True) if why}
    if not refusals:
        return Supply.UPSTREAM, f"{', '.join(asked)} answer"
    host, why = next(iter(refusals.items()))
    return Supply.SOURCE, f"{host} does not answer ({why})"
