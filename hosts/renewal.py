"""When it is time to make a certificate anew."""

from datetime import UTC, datetime, timedelta

PROGRAM = "/usr/local/sbin/cairn-certificates"
"""On a node: `list` says when each ends, `renew` makes kubeadm's anew in time (hosts/templates/certificates.sh.j2)."""
RENEWED_BEFORE = timedelta(days=60)
"""How long before its end a certificate of kubeadm's is made anew, by the node's timer or the next `up`.

They live a year. Cairn's own have the same time.
"""


def ends_soon(end: datetime | None, now: datetime | None = None) -> bool:
    """Whether it is time for another one; what has no end never is."""
    return end is not None and end < (now or datetime.now(UTC)) + RENEWED_BEFORE
