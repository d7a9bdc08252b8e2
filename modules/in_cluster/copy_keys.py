"""Copies a consumer's keys from the Secret of a managed service, mounted at /from, into the Secret that it reads.

KEYS names them, `NAME=FILE` each; INTO is the Secret's path in the API server. Waits until both are there.
"""

import base64
import json
import os
import ssl
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def keys() -> dict[str, str]:
    """The keys in the form of a Secret's `data`. Raises OSError while one is not there."""
    pairs = (pair.split("=") for pair in os.environ["KEYS"].split())
    return {name: base64.b64encode((Path("/from") / file).read_bytes()).decode() for name, file in pairs}


def copy() -> None:
    """Put them into the Secret. Raises OSError while it is not there, or can't be written."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    request = Request(
        f"https://{host}:{port}{os.environ['INTO']}",
        json.dumps({"data": keys()}).encode(),
        {
            "Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}",
            "Content-Type": "application/merge-patch+json",
        },
        method="PATCH",
    )
    try:
        with urlopen(request, context=ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt")), timeout=10):
            return
    except HTTPError as error:
        if error.code not in (403, 404):
            raise SystemExit(f"{os.environ['INTO']}: {error.read().decode()}") from None
        raise


def main() -> None:
    """Copy as soon as it can be done."""
    while True:
        try:
            copy()
        except OSError as error:
            print(f"waiting: {error}", flush=True)
            time.sleep(2)
        else:
            print(f"copied to {os.environ['INTO']}", flush=True)
            return


if __name__ == "__main__":
    main()
