"""Prints what a shell on your own machine needs to reach the platform, with a team's kubeconfig alone.

export KUBECONFIG=$PWD/team-a.kubeconfig
eval "$(python examples/journey/access.py)"

The clients read their addresses and keys from these variables. What the platform's certificate is verified with is
written beside the kubeconfig, as platform-ca.pem.
"""

import base64
import os
import shlex
from pathlib import Path

from kubernetes import client, config


def main() -> None:
    """Read the team's Secret and the authority's certificate, and print variables with the addresses for outside."""
    config.load_kube_config()
    _, context = config.list_kube_config_contexts()
    team = context["context"]["namespace"]
    api = client.CoreV1Api()
    secret = api.read_namespaced_secret("access", team).data
    access = {name: base64.b64decode(value).decode() for name, value in secret.items()}
    authority = api.read_namespaced_config_map("authority", team).data["ca.crt"]
    file = Path(os.environ["KUBECONFIG"]).resolve().with_name("platform-ca.pem")
    file.write_text(authority)

    domain = access["DOMAIN"]
    token = client.Configuration.get_default_copy().get_api_key_with_prefix("authorization").removeprefix("Bearer ")
    outside = {
        "TEAM": team,
        "TOKEN": token,
        "AWS_ENDPOINT_URL": f"https://s3.{domain}",
        "MLFLOW_TRACKING_URI": f"https://tracking.{domain}",
        # MLflow would hand out addresses in S3 that only pods can reach.
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "FEAST_SERVER": f"https://features.{domain}/{team}",
        # Feast's client signs in with it.
        "LOCAL_K8S_TOKEN": token,
        # Each library reads another name for the same file.
        **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"), str(file)),
    }
    for name, value in (access | outside).items():
        print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    main()
