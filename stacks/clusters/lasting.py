"""How long a cluster's credentials hold."""

from hosts import certificates
from hosts.renewal import ends_soon
from modules.contract.api import ApiError, connect, request

UNAUTHORIZED = 401


def lasts(kubeconfig: str, address: str) -> bool:
    """Whether the administrator's kubeconfig works for some time yet, and so does what the API server shows."""
    if ends_soon(certificates.of_client(kubeconfig)) or ends_soon(certificates.shown(address)):
        return False
    try:
        request(connect(kubeconfig), "GET", "/version", timeout_seconds=certificates.ANSWER_SECONDS)
    except ApiError as error:
        # Whether a cluster answers at all is another question.
        return error.status != UNAUTHORIZED
    return True
