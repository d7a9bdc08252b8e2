import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pulumi
import pytest

from installer import install as installer
from installer.made_credentials import AuthorityProvider, CertificateProvider, PasswordProvider, new_password
from modules.contract.cluster import Cluster
from modules.contract.credentials import Certificate, Part, Password, Source, Text, filled, named, sources, value
from modules.contract.module import Module
from profiles.load import load
from profiles.schema import Profile
from tests.installer.recorder import Recording, record

PASSWORD = Password("database-tracking")
URI = Text("postgresql://{user}@host", user=Text("tracking:{password}", password=PASSWORD))
CERTIFICATE = Certificate("webhook", ("webhook.system.svc",))
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "database", "namespace": "tracking"},
    "stringData": {"uri": URI, "tls.crt": CERTIFICATE.certificate, "tls.key": CERTIFICATE.private_key},
}
WEBHOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "webhook"},
    "webhooks": [{"name": "a.b.c", "clientConfig": {"caBundle": "any"}}],
}


def made(source: Source) -> str:
    return {"<password database-tracking>": "s3cret"}.get(str(source), "PEM")


def test_a_credential_is_filled_in_however_deep_it_stands() -> None:
    content = filled({"a": [{"b": URI}], "c": 1}, lambda credential: value(credential, made))
    assert content == {"a": [{"b": "postgresql://tracking:s3cret@host"}], "c": 1}


def test_a_credential_is_shown_by_its_name() -> None:
    assert named([URI]) == ["postgresql://tracking:<password database-tracking>@host"]
    assert named(CERTIFICATE.private_key) == "<private key webhook for webhook.system.svc>"


def test_what_a_text_is_made_of_is_found_in_all_its_parts() -> None:
    assert sources(URI) == [PASSWORD]


def test_an_authority_is_encoded_for_a_webhooks_bundle() -> None:
    assert value(CERTIFICATE.authority_base64, made) == "UEVN"


def test_no_two_passwords_are_alike_and_none_needs_quoting() -> None:
    drawn = {new_password() for _ in range(100)}
    assert len(drawn) == 100
    assert all(len(word) == 32 and word.isalnum() for word in drawn)


def test_a_password_that_was_drawn_stays() -> None:
    provider = PasswordProvider()
    drawn = provider.create({"name": "a"}).outs
    assert drawn is not None
    assert not provider.diff("a", drawn, {"name": "a", "value": None}).changes


def certificate_props() -> dict[str, object]:
    authority = AuthorityProvider().create({"name": "cairn dev"}).outs
    assert authority is not None
    keys = {"authority": authority["certificate"], "authority_key": authority["private_key"]}
    return {"name": "webhook", "dns_names": ["webhook.system.svc"], **keys}


def test_a_certificate_is_made_anew_for_other_names_or_another_authority_only() -> None:
    provider, props = CertificateProvider(), certificate_props()
    outs = provider.create(props).outs
    assert outs is not None
    assert not provider.diff("webhook", outs, props).changes
    assert provider.diff("webhook", outs, {**props, "dns_names": ["other"]}).changes
    assert provider.diff("webhook", outs, {**props, "authority": certificate_props()["authority"]}).changes


def installed(*modules: Module) -> Recording:
    def program() -> None:
        installer.install(load("laptop"), Cluster(kubeconfig=pulumi.Output.secret("a"), identifier="c"))

    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as directory:
        (Path(directory) / "webhook").write_text(json.dumps(WEBHOOK))
        patch.setattr(installer, "enabled", lambda _: list(modules))
        patch.setattr(installer, "manifest", lambda name: Path(directory) / name)
        patch.setattr(installer, "charts_root", lambda: Path(directory) / "charts")
        patch.setattr(installer, "module_version", lambda _: "v1.0.0")
        return record(program)


def test_the_installer_makes_each_credential_once_and_keeps_it_secret() -> None:
    recording = installed(
        Module("tracking", "", objects=lambda _: [SECRET]),
        Module("other", "", objects=lambda _: [{**SECRET, "metadata": {"name": "copy", "namespace": "database"}}]),
    )
    password = recording.one("cairn:Password", "database-tracking")
    certificate = recording.one("cairn:KeyPair", "webhook")
    assert "value" in password.secrets
    assert {"private_key", "authority_key"} <= certificate.secrets
    for name in ("tracking/database", "database/copy"):
        secret = recording.one(":Secret", name)
        assert {"stringData", "data"} <= secret.secrets
        assert recording.comes_after(secret, password)
        assert recording.comes_after(secret, certificate)


def test_two_certificates_of_one_name_for_different_servers_are_refused() -> None:
    other = {**SECRET, "stringData": {"tls.crt": Part(Certificate("webhook", ("other",)), "certificate")}}
    with pytest.raises(ValueError, match="two certificates are called webhook"):
        installed(Module("a", "", objects=lambda _: [SECRET, {**other, "metadata": {"name": "b", "namespace": "c"}}]))


def test_a_credential_in_a_patched_manifest_travels_as_a_value_and_not_by_disk() -> None:
    def patch(found: dict[str, object], _: Profile) -> dict[str, object]:
        return {**found, "webhooks": [{"name": "a.b.c", "clientConfig": {"caBundle": CERTIFICATE.authority_base64}}]}

    recording = installed(Module("hook", "", namespace="hook", manifest="webhook", patch=patch))
    values = recording.one("helm.sh/v3:Release", "webhook").inputs["values"]
    assert list(values["credentials"]) == ["<base64 of <authority>>"]
