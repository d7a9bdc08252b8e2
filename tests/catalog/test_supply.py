import threading
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


def test_auto_asks_each_registry_once() -> None:
    asked: list[str] = []

    def ask(host: str) -> str:
        asked.append(host)
        return ""

    resolve("auto", ["a", "b", "c"], ask)
    assert sorted(asked) == ["a", "b", "c"]


@pytest.mark.parametrize(("status", "why"), [(200, ""), (401, ""), (403, "HTTP 403"), (502, "HTTP 502")])
def test_a_registry_answers_when_it_speaks_the_protocol(status: int, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/v2/" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    real = httpx.get
    monkeypatch.setattr(httpx, "get", lambda url, **kw: real(url.replace("https", "http"), **kw))
    assert supply.answers(f"127.0.0.1:{server.server_port}") == why
    server.server_close()


def test_a_registry_that_nobody_runs_does_not_answer() -> None:
    assert supply.answers("127.0.0.1:1")
