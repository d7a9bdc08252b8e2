from decimal import Decimal

import pytest

from bench import cold, shares
from bench.credentials import Credentials
from bench.idle import Idle
from bench.plain import inputs_of
from bench.report import BY_HAND, Measurements, kept, page
from bench.serving import Served
from bench.shares import Share
from bench.training import Started
from catalog.cache import FileRecord, Receipt
from catalog.items import Item
from catalog.schema import load as load_catalog
from modules.contract.credentials import Certificate, Password, Text
from profiles.load import load

GIB = 1024**3
MIB = 1024**2


def test_the_page_has_medians_every_run_the_ratio_and_what_is_left_for_work() -> None:
    seen = Measurements("a machine", 0.1)
    seen.warm, seen.plain = [70.0, 90.0, 80.0], [100.0, 100.0, 100.0]
    seen.unchanged_up, seen.unchanged_preview, seen.down = [5.0], [4.0], [3.0]
    seen.idle = Idle(0.25, 2 * GIB, 60.0, Decimal("0.9"), Decimal(3 * GIB))
    seen.shares = [Share("cluster", 20.0, GIB, 300 * MIB), Share("ray", 9.6, GIB // 4, 100 * MIB)]
    text = page(seen, "mini", load("mini"))
    assert "80.0 s (70.0, 90.0, 80.0)" in text
    assert "| ratio of the medians | 0.80 |" in text
    assert "1.10 cores, 5.00 GiB" in text
    assert "| ray | 10 s | 256 MiB | 20 % | 100 MiB | 25 % |" in text


def measured() -> Measurements:
    """The least that a page is made of."""
    seen = Measurements("a machine", 0.1, warm=[1.0], plain=[1.0], unchanged_up=[1.0], unchanged_preview=[1.0])
    seen.down = [1.0]
    return seen


def test_ways_to_a_model_stand_beside_the_bare_server_and_trainings_in_their_order() -> None:
    seen = measured()
    seen.serving = {"bare": Served(2.0, 8.0, 100.0, 0), "gate": Served(3.0, 10.0, 50.0, 1)}
    seen.training = [Started(1.0, 30.24), Started(0.0, 20.0)]
    text = page(seen, "laptop", load("laptop"))
    assert "| bare | 2.0 ms | 8.0 ms | 100.0 | 0 |" in text
    assert "| gate | 3.0 ms (1.50 x) | 10.0 ms (1.25 x) | 50.0 (0.50 x) | 1 |" in text
    assert "| first on these nodes | 1 s | 30.2 s |\n| again (1) | 0 s | 20.0 s |" in text
    assert "SIMULATED" in text


def test_what_people_wrote_under_a_page_is_kept() -> None:
    by_hand = f"{BY_HAND}\n\n## Once\n\nSeen.\n"
    assert kept(page(measured(), "mini", load("mini")) + by_hand) == by_hand
    assert kept("a page without") == ""


def test_a_cold_build_has_its_items_with_their_shares_the_dearest_first() -> None:
    text = cold.page("laptop", 2400.0, {"charts/kueue": 0.2, "binaries/pulumi": 100.0, "binaries/kubernetes": 300.0}, 0)
    assert "**40.0 minutes** in all (target: 60), for 3 items." in text
    assert "| binaries/kubernetes | 300 s | 75 % |\n| binaries/pulumi | 100 s | 25 % |" in text
    assert "charts/kueue" not in text


@pytest.mark.parametrize(("name", "target"), [("mini", "75 s"), ("laptop", "180 s")])
def test_each_profile_is_held_to_its_own_targets(name: str, target: str) -> None:
    seen = measured()
    assert f"| 1.0 s | {target} |" in page(seen, name, load(name)).splitlines()[12]


def test_a_modules_images_are_counted_with_shared_layers_once(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = {"python": {"base": 10}, "ray": {"base": 10, "wheels": 30}}

    def read(item: Item, _: str) -> Receipt | None:
        blobs = {name: FileRecord(size, 0, "") for name, size in layers.get(item.name, {}).items()}
        return Receipt(str(item), "", "source", 1.0, blobs=blobs) if blobs else None

    monkeypatch.setattr(shares, "read", read)
    assert shares.image_bytes(load_catalog(), ("python", "ray")) == 40
    assert shares.image_bytes(load_catalog(), ("kueue",)) == 0


def test_the_yardsticks_credentials_are_the_same_wherever_they_stand() -> None:
    certificate = Certificate("x", ("x.svc",))
    made = Credentials()
    content = [Password("a"), Text("{a}!", a=Password("a")), Password("b"), certificate.certificate]
    first, text, other, signed = made.fill(content)
    assert text == f"{first}!" and first != other
    assert made.fill(content) == [first, text, other, signed]


def test_inputs_are_read_out_of_a_state_with_its_secrets_shown() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"key"'}
    node = {
        "type": "pulumi-python:dynamic/local:Node",
        "inputs": {"name": "one", "__provider": "x", "host_key": secret},
    }
    state = {"deployment": {"resources": [node, {"type": "other:Node", "inputs": {}}]}}
    assert inputs_of(state, "local:Node") == [{"name": "one", "host_key": "key"}]
