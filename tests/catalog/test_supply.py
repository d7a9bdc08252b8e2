import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from catalog import supply
from catalog.errors import CatalogError
from catalog.supply import Supply, resolve


def test_auto_is_upstream_when_every_registry_answers() -> None:
    assert resolve("auto", ["a", "b"], lambda host: "") == (Supply.UPSTREAM, "a, b answer")


def test_auto_is_source_when_one_does_not_and_says_which_and_why() -> None:
    found = resolve("auto", ["a", "b"], lambda host: "timed out" if host == "b" else "")
    assert found == (Supply.SOURCE, "b does not answer (timed out)")


@pytest.mark.parametrize("wanted", Supply)
def test_a_supply_that_is_named_is_not_questioned(wanted: Supply) -> None:
    assert resolve(wanted, ask=lambda host: pytest.fail("asked"))[0] is wanted


def test_an_unknown_supply_is_refused_with_the_words_that_exist() -> None:
    with pytest.raises(CatalogError, match="none of auto, source, upstream"):
        resolve("both")


def test_auto_asks_for_release_pages_too() -> None:
    asked: list[str] = []

    def ask(host: str) -> str:
        asked.append(host)
        return ""

    resolve("auto", ask=ask)
    hosts = {place.split("/")[2] if "://" in place else place for place in asked}
    assert {"registry.k8s.io", "dl.k8s.io", "github.com", "kubernetes-sigs.github.io", "ghcr.io"} < hosts
    # GitHub sends on to one host for releases, and to another for archives of tags.
    assert any("/releases/download/" in place for place in asked)
    assert any("/archive/refs/" in place for place in asked)


def test_auto_asks_each_host_once() -> None:
    asked: list[str] = []

    def ask(host: str) -> str:
        asked.append(host)
        return ""

    resolve("auto", ["a", "b", "c"], ask)
    assert sorted(asked) == ["a", "b", "c"]


@contextmanager
def host(status: int, headers: dict[str, str]) -> Iterator[str]:
    """A host that answers one request; what asks by https asks it by http."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path in ("/v2/", "/file") else 404)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    with pytest.MonkeyPatch.context() as patch:
        real = httpx.get
        patch.setattr(httpx, "get", lambda url, **kw: real(url.replace("https", "http"), **kw))
        yield f"127.0.0.1:{server.server_port}"
    server.server_close()


@pytest.mark.parametrize(("status", "why"), [(200, ""), (401, ""), (403, "HTTP 403"), (502, "HTTP 502")])
def test_a_registry_answers_when_it_speaks_the_protocol(status: int, why: str) -> None:
    with host(status, {"Docker-Distribution-Api-Version": "registry/2.0"}) as address:
        assert supply.answers(address) == why


@pytest.mark.parametrize("status", [200, 401])
def test_a_captive_portal_that_answers_for_a_registry_is_none(status: int) -> None:
    with host(status, {}) as address:
        assert supply.answers(address) == "what answers is no registry"


@pytest.mark.parametrize(("status", "why"), [(200, ""), (404, "HTTP 404"), (403, "HTTP 403"), (502, "HTTP 502")])
def test_a_release_page_answers_when_it_gives_the_file(status: int, why: str) -> None:
    with host(status, {}) as address:
        assert supply.answers(f"http://{address}/file") == why


def test_the_host_that_a_release_page_sends_on_to_must_answer_too() -> None:
    with host(302, {"Location": "http://127.0.0.1:1/"}) as address:
        assert "refused" in supply.answers(f"http://{address}/file")


def test_a_registry_that_nobody_runs_does_not_answer() -> None:
    assert supply.answers("127.0.0.1:1")
