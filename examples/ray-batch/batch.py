"""Scores a batch of records on every GPU of the Ray cluster, one task per GPU, and prints the result as JSON.

The scores are simple arithmetic, so that the example runs on simulated GPUs too; it says which kind it found.
"""

import json
import os
import re

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

RECORDS = 200_000


@ray.remote(num_gpus=1, num_cpus=0)
def score(part: int, parts: int) -> dict[str, object]:
    """Scores every record whose number is `part` modulo `parts`; says where it ran and on which device."""
    simulated = sorted(value for key, value in os.environ.items() if re.fullmatch(r"GPU_DEVICE_\d+", key))
    scores = [(record * 2654435761 % 1000) / 1000 for record in range(part, RECORDS, parts)]
    return {
        "node": os.environ["NODE_NAME"],
        "devices": simulated or os.environ.get("NVIDIA_VISIBLE_DEVICES", "").split(","),
        "accelerators": "SIMULATED" if simulated else "REAL",
        "records": len(scores),
        "sum": round(sum(scores), 3),
    }


def main() -> None:
    """Places one task on each worker, waits for all, and prints a line per part and one with the result."""
    ray.init()
    gpus = int(ray.cluster_resources()["GPU"])
    places = placement_group([{"GPU": 1}] * gpus, strategy="STRICT_SPREAD")
    tasks = [
        score.options(scheduling_strategy=PlacementGroupSchedulingStrategy(places, index)).remote(index, gpus)
        for index in range(gpus)
    ]
    parts = ray.get(tasks)
    for part in parts:
        print(f"{part['accelerators']} device {part['devices']} on {part['node']}: {part['records']} records")
    mean = sum(part["sum"] for part in parts) / RECORDS
    print("RESULT " + json.dumps({"records": RECORDS, "mean": round(mean, 4), "parts": parts}))


if __name__ == "__main__":
    main()
