from pathlib import Path

import pytest

from catalog.debian import KEYRING, keyring_option, launcher_text, mmdebstrap_command, sources
from catalog.errors import CatalogError
from catalog.schema import load

MIRROR = "http://mirror.example/debian"
DEB822 = f"""Types: deb
# a comment
URIs: {MIRROR}
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: {KEYRING}

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


def test_debian_s_own_entries_are_taken_with_their_main_component_alone() -> None:
    assert sources([("debian.sources", DEB822)], "bookworm") == [
        f"deb [signed-by={KEYRING}] {MIRROR} bookworm main",
        f"deb [signed-by={KEYRING}] {MIRROR} bookworm-updates main",
        f"deb [signed-by={KEYRING}] http://mirror.example/debian-security bookworm-security main",
    ]


def test_entries_of_other_vendors_other_suites_and_sources_are_left_out() -> None:
    others = """
deb https://packages.vendor.example/apt vendor-bookworm main
deb [signed-by=/usr/share/keyrings/vendor.gpg] https://vendor.example/debian bookworm main
deb [arch=amd64] https://vendor.example/linux bookworm stable
deb https://vendor.example/linux bookworm main
deb http://mirror.example/debian trixie main
deb-src http://mirror.example/debian bookworm main
# deb http://mirror.example/debian bookworm main
"""
    assert sources([("x.list", others)], "bookworm") == []
    assert sources([("x.sources", DEB822.replace("Types: deb\n", "Types: deb\nEnabled: no\n"))], "bookworm") == []


def test_an_old_style_entry_without_a_key_counts_when_its_path_is_debian_s() -> None:
    assert sources([("sources.list", f"deb {MIRROR} bookworm main non-free # mine")], "bookworm") == [
        f"deb [signed-by={KEYRING}] {MIRROR} bookworm main"
    ]


def test_mmdebstrap_works_in_namespaces_of_its_own_and_removes_keys() -> None:
    entry = load().debian["node"]
    command = mmdebstrap_command(entry, ["/x/mmdebstrap"], Path("/out/root"), Path("/out/packages.txt"), None)
    assert command[0] == "unshare"
    assert {"--mount", "--pid", "--kill-child"} < set(command)
    assert command[-2:] == ["bookworm", "/out/root"]
    assert any("ssh_host_" in word for word in command)
    assert f"--include={','.join(entry.packages)}" in command


def test_a_machine_without_debian_s_keys_uses_those_that_came_with_mmdebstrap(tmp_path: Path) -> None:
    mmdebstrap, missing = tmp_path / "bin/mmdebstrap", tmp_path / "none.gpg"
    with pytest.raises(CatalogError, match="apt-get install debian-archive-keyring"):
        keyring_option(mmdebstrap, missing)
    keys = tmp_path / "root" / KEYRING.relative_to("/")
    keys.parent.mkdir(parents=True)
    keys.touch()
    assert keyring_option(mmdebstrap, missing) == [f"--keyring={keys}"]
    assert keyring_option(mmdebstrap, keys) == []


def test_a_tool_that_came_with_libraries_is_started_with_them(tmp_path: Path) -> None:
    (tmp_path / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    (tmp_path / "usr/lib/x86_64-linux-gnu/libx.so.1").touch()
    text = launcher_text("usr/bin/x", tmp_path)
    assert 'LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"' in text
    assert text.endswith('exec "$root/usr/bin/x" "$@"\n')
    assert "PERL5LIB" not in text
    assert "XTABLES_LIBDIR" not in text


def test_iptables_finds_the_extensions_that_were_unpacked_with_it(tmp_path: Path) -> None:
    (tmp_path / "usr/lib/x86_64-linux-gnu/xtables").mkdir(parents=True)
    assert 'XTABLES_LIBDIR="$root/usr/lib/x86_64-linux-gnu/xtables' in launcher_text("usr/sbin/iptables-nft", tmp_path)
