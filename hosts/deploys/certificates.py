"""Certificates that are made anew before they end."""

from pyinfra.api import deploy

from hosts.deploys.systemd_units import text_file, unit
from hosts.deploys.templates import render
from hosts.markers import DONE
from hosts.renewal import PROGRAM, RENEWED_BEFORE


@deploy("Certificates")
def certificates() -> None:
    """Installs the program that tells when they end and renews them, and a timer that calls it every day."""
    program = render("certificates.sh.j2", days=RENEWED_BEFORE.days, done=DONE)
    text_file(PROGRAM, program, mode="755")
    service = text_file("/etc/systemd/system/cairn-certificates.service", render("certificates.service.j2"))
    unit("cairn-certificates.timer", [service])
