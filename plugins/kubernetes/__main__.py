"""Starts the Kubernetes provider; the engine runs it as `pulumi-resource-kubernetes`."""

import sys

from plugins.lifetime import end_with_engine
from plugins.serving import engine_address, serve, without_sdk


def main() -> None:
    """Serve until the engine is done."""
    without_sdk()
    from pulumi.runtime.proto import provider_pb2_grpc

    from plugins.kubernetes.provider import KubernetesProvider

    provider = KubernetesProvider(engine_address(sys.argv[1:]))
    end_with_engine()
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
