"""Starts the language host; the engine runs it as `pulumi-language-python`."""

import sys

from plugins.lifetime import end_with_engine
from plugins.serving import engine_address, serve, without_sdk


def main() -> None:
    """Start the process that will run programs, and serve meanwhile."""
    without_sdk()
    from pulumi.runtime.proto import language_pb2_grpc

    from plugins.language.host import LanguageHost
    from plugins.language.runner import Runner

    runner = Runner.start()
    end_with_engine()
    host = LanguageHost(runner, engine_address(sys.argv[1:]))
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))


if __name__ == "__main__":
    main()
