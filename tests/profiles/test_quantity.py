from decimal import Decimal

from profiles.quantity import amount, seconds


def test_a_quantity_is_cores_or_bytes() -> None:
    assert amount("250m") == Decimal("0.25")
    assert amount("3Gi") == 3 * 2**30


def test_a_duration_is_seconds() -> None:
    assert [seconds(each) for each in ("90s", "5m", "1h")] == [90, 300, 3600]
