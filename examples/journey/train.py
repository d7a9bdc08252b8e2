"""Trains on two workers through the team's queue, with Kubeflow's Python client, and registers the model.

python train.py tumour-1.csv        a training set made by training_set.py
"""

import json
import os
import sys
from pathlib import Path

from kubeflow.trainer import CustomTrainerContainer, TrainerClient
from kubeflow.trainer.options import TrainerCommand

SCRIPT = Path(__file__).parents[1] / "training" / "jax" / "train.py"
SECONDS = 900


def main() -> None:
    """Submit the training, follow it to its end, and print what the workers said of themselves and of the model."""
    # Where the platform keeps the trainer; the client asks it for its version.
    os.environ.setdefault("KUBEFLOW_SYSTEM_NAMESPACE", "trainer-system")
    client = TrainerClient()
    runtime = client.get_runtime("jax-distributed")
    workers = CustomTrainerContainer(
        image=runtime.trainer.image,
        num_nodes=2,
        resources_per_node={"cpu": "200m", "memory": "768Mi", "gpu": 1},
        env={"DATA": f"training-sets/{sys.argv[1]}", "MODEL": "tumour"},
    )
    command = TrainerCommand(command=["python3", "-c", SCRIPT.read_text()])
    job = client.train(runtime=runtime, trainer=workers, options=[command])
    print(f"TrainJob {job} submitted", flush=True)
    done = client.wait_for_job_status(job, timeout=SECONDS)
    lines = [line for step in done.steps for line in client.get_job_logs(job, step=step.name)]
    said = [line for line in lines if line.partition(" ")[0] in ("WORKER", "RESULT")]
    print("\n".join(dict.fromkeys(said)))
    client.delete_job(job)
    [result] = {line.partition(" ")[2] for line in said if line.startswith("RESULT ")}
    print(f"{json.loads(result)['model']} version {json.loads(result)['version']} is registered")


if __name__ == "__main__":
    main()
