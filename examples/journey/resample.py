"""Runs on Ray: draws the model's outcomes again and again, and says between which bounds its accuracy lies.

outcomes.json beside it is a list with 1 for each row that the model got right and 0 for each other.
"""

import json
import random
from itertools import chain
from pathlib import Path

import ray

TIMES = 2000
TASKS = 4


@ray.remote
def accuracies(outcomes: list[int], seed: int) -> list[float]:
    """The accuracies of one task's draws, each of as many rows as there are, with replacement."""
    draw = random.Random(seed)
    return [sum(draw.choices(outcomes, k=len(outcomes))) / len(outcomes) for _ in range(TIMES // TASKS)]


def main() -> None:
    """Prints the bounds that nineteen of twenty draws lie between (the bootstrap's percentiles)."""
    ray.init()
    outcomes = json.loads(Path("outcomes.json").read_text())
    shared = ray.put(outcomes)
    found = sorted(chain(*ray.get([accuracies.remote(shared, seed) for seed in range(TASKS)])))
    low, high = found[int(0.025 * TIMES)], found[int(0.975 * TIMES)]
    accuracy = sum(outcomes) / len(outcomes)
    print("RESULT", json.dumps({"accuracy": accuracy, "low": low, "high": high, "draws": len(found), "tasks": TASKS}))


if __name__ == "__main__":
    main()
