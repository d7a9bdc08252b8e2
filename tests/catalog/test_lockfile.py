"""Digests are put into a lock's text beside what they belong to; all else stays as somebody wrote it."""

import yaml

from catalog.lockfile import Slot, filled, slots

TEXT = """\
# The lock.
binaries:
  crane:
    programs:
      crane:
        package: p
        upstream:   # where it comes from
          url: https://x/{arch}   # one for each
          member: crane
      ctr:
        upstream: &ctr {url: "https://x/ctr", member: bin/ctr}
      other:
        upstream: {<<: *ctr, member: bin/other}
images:
  kueue:
    reference: r/kueue:{version}  # its name
    layers: [{program: kueue, path: /manager}]
charts:
  kueue:
    path: charts/kueue
    upstream: {chart: oci://r/kueue}
  old:
    upstream:
      chart: old
      sha256: aaaa
      repository: https://x
manifests:
  kuberay:
    upstream:
      url: https://x/source
      sha256:
        any: bbbb
      member: config
"""


def slot(path: str) -> Slot:
    return next(slot for slot in slots(TEXT) if str(slot) == path)


def test_every_place_that_names_something_upstream_is_found_once() -> None:
    assert [str(slot) for slot in slots(TEXT)] == [
        "binaries.crane.programs.crane.upstream",
        "binaries.crane.programs.ctr.upstream",
        "images.kueue",
        "charts.kueue.upstream",
        "charts.old.upstream",
        "manifests.kuberay.upstream",
    ]


def test_a_new_value_stands_beside_its_address_and_nothing_else_changes() -> None:
    crane, ctr = slot("binaries.crane.programs.crane.upstream"), slot("binaries.crane.programs.ctr.upstream")
    text = filled(
        TEXT,
        {
            crane: {"amd64": "11", "arm64": "22"},
            ctr: {"any": "33"},
            slot("images.kueue"): "sha256:44",
            slot("charts.kueue.upstream"): "55",
        },
    )
    assert text.splitlines()[7:9] == [
        "          url: https://x/{arch}   # one for each",
        "          sha256: {amd64: 11, arm64: 22}",
    ]
    assert '&ctr {url: "https://x/ctr", sha256: {any: 33}, member: bin/ctr}' in text
    assert "version}  # its name\n    digest: sha256:44\n    layers" in text
    assert "{chart: oci://r/kueue, sha256: 55}" in text
    for new in (
        "          sha256: {amd64: 11, arm64: 22}\n",
        ", sha256: {any: 33}",
        "    digest: sha256:44\n",
        ", sha256: 55",
    ):
        text = text.replace(new, "")
    assert text == TEXT


def test_what_is_merged_from_an_anchor_has_the_anchors_value() -> None:
    text = filled(TEXT, {slot("binaries.crane.programs.ctr.upstream"): {"any": "33"}})
    programs = yaml.safe_load(text)["binaries"]["crane"]["programs"]
    assert programs["other"]["upstream"]["sha256"] == programs["ctr"]["upstream"]["sha256"] == {"any": 33}


def test_an_old_value_is_replaced_however_it_was_written() -> None:
    text = filled(TEXT, {slot("charts.old.upstream"): "cccc", slot("manifests.kuberay.upstream"): {"any": "dddd"}})
    loaded = yaml.safe_load(text)
    assert loaded["charts"]["old"]["upstream"] == {"chart": "old", "sha256": "cccc", "repository": "https://x"}
    assert loaded["manifests"]["kuberay"]["upstream"] == {
        "url": "https://x/source",
        "sha256": {"any": "dddd"},
        "member": "config",
    }


def test_a_lock_without_a_last_line_end_is_filled_too() -> None:
    text = "images:\n  one:\n    reference: r/one"
    (only,) = slots(text)
    assert filled(text, {only: "sha256:1"}) == "images:\n  one:\n    reference: r/one\n    digest: sha256:1"
