import pytest

from cairn.settings import OURS
from stacks.errors import ClusterError
from stacks.known_settings import KNOWN, refuse_unknown


def test_what_cairn_keeps_is_known() -> None:
    assert {f"cairn:{key}" for key in KNOWN} == OURS
    refuse_unknown([*OURS, "kubernetes:kubeconfig", "other:key"], "cairn")


def test_a_mistyped_setting_is_refused_with_the_nearest_and_how_to_forget_it() -> None:
    with pytest.raises(ClusterError, match=r"no setting profil \(did you mean profile\?\): pulumi config rm profil"):
        refuse_unknown(["cairn:profil"], "cairn")
    with pytest.raises(ClusterError, match="there are profile, supply, set, kubeconfig, context"):
        refuse_unknown(["cairn:zzz"], "cairn")
