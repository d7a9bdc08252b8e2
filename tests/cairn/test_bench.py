from decimal import Decimal

from bench.idle import Idle
from bench.plain import inputs_of
from bench.report import Measurements, page
from profiles.load import load

GIB = 1024**3


def test_the_page_has_medians_every_run_the_ratio_and_what_is_left_for_work() -> None:
    seen = Measurements("a machine", 0.1, {"binaries/kubernetes": 300.0, "charts/kueue": 0.2})
    seen.warm, seen.plain = [70.0, 90.0, 80.0], [100.0, 100.0, 100.0]
    seen.unchanged_up, seen.unchanged_preview, seen.down = [5.0], [4.0], [3.0]
    seen.idle = Idle(0.25, 2 * GIB, 60.0, Decimal("0.9"), Decimal(3 * GIB))
    text = page(seen, load("laptop"))
    assert "80.0 s (70.0, 90.0, 80.0)" in text
    assert "| ratio of the medians | 0.80 |" in text
    assert "1.10 cores, 5.00 GiB" in text
    assert "| binaries/kubernetes | 300 s | 100 % |" in text
    assert "charts/kueue" not in text


def test_inputs_are_read_out_of_a_state_with_its_secrets_shown() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"key"'}
    node = {
        "type": "pulumi-python:dynamic/local:Node",
        "inputs": {"name": "one", "__provider": "x", "host_key": secret},
    }
    state = {"deployment": {"resources": [node, {"type": "other:Node", "inputs": {}}]}}
    assert inputs_of(state, "local:Node") == [{"name": "one", "host_key": "key"}]
