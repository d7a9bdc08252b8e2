"""Starts the language host; the engine runs it as `pulumi-language-python`."""

import sys

from pulumi.runtime.proto import language_pb2_grpc

from plugins.language.host import LanguageHost
from plugins.language.runner import Runner
from plugins.lifetime import end_with_engine
from plugins.serving import engine_address, serve


def main() -> None:
    """Fork the runner before any gRPC thread exists, then serve."""
    runner = Runner.start()
    end_with_engine()
    host = LanguageHost(runner, engine_address(sys.argv[1:]))
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))


if __name__ == "__main__":
    main()
