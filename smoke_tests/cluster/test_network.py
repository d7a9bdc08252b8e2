"""The cluster's network: names, services, and pods of one node that reach those of the other."""

import pytest

from smoke_tests.support import pods
from smoke_tests.support.cluster import SERVICE, Cluster
from smoke_tests.support.team import Team
from smoke_tests.support.workload import pod, service

PORT = 8080
SERVE = f"""
import http.server, os
class Here(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["NODE_NAME"].encode())
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", {PORT}), Here).serve_forever()
"""
RESOLVE = "import socket; print(socket.gethostbyname('kubernetes.default.svc.cluster.local'))"


def fetch(*addresses: str) -> str:
    """A script that prints what answers at each address, one line per address.

    Nodes learn of a service's pods some moments after these are ready: an address has ten seconds to answer.
    """
    return f"""
import time, urllib.request
for address in {list(addresses)!r}:
    deadline = time.monotonic() + 10
    while True:
        try:
            print(urllib.request.urlopen(f"http://{{address}}:{PORT}", timeout=10).read().decode())
            break
        except OSError:
            if time.monotonic() > deadline: raise
            time.sleep(0.2)
"""


def test_a_pod_resolves_a_services_name_to_its_address(cluster: Cluster, team: Team) -> None:
    expected = cluster.get(SERVICE, "kubernetes", "default")
    assert expected is not None
    assert pods.output(cluster, pod("asks", team.namespace, RESOLVE)).strip() == expected["spec"]["clusterIP"]


def test_pods_and_services_are_reached_from_every_other_node(cluster: Cluster, team: Team) -> None:
    nodes = cluster.nodes()
    if len(nodes) < 2:
        pytest.skip("the cluster has one node; what crosses nodes can't be tried")
    addresses = {}
    for node in nodes:
        labels = {"serves": node}
        # Names of nodes are long; a Service's must be short and a label.
        cluster.create(service(f"on-{nodes.index(node)}", team.namespace, labels, PORT))
        manifest = pod(f"serves-{nodes.index(node)}", team.namespace, SERVE, node=node, labels=labels)
        addresses[node] = pods.start(cluster, manifest)["status"]["podIP"]

    for node in nodes:
        others = [other for other in nodes if other != node]
        wanted = [address for other in others for address in (addresses[other], f"on-{nodes.index(other)}")]
        asking = pod(f"asks-{nodes.index(node)}", team.namespace, fetch(*wanted), node=node)
        answers = pods.output(cluster, asking).split()
        assert answers == [other for other in others for _ in ("pod", "service")], f"asked from {node}"
