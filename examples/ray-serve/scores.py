"""A service on Ray: scores records, and says which of its replicas did."""

from ray import serve
from starlette.requests import Request


@serve.deployment
class Scores:
    """One replica; Ray starts as many as `service.yaml` says and shares requests out among them."""

    async def __call__(self, request: Request) -> dict[str, object]:
        """Takes `{"records": [1, 2]}` and answers with a score for each."""
        records = (await request.json())["records"]
        return {
            "scores": [record * 2654435761 % 1000 / 1000 for record in records],
            "replica": serve.get_replica_context().replica_id.unique_id,
        }


app = Scores.bind()
