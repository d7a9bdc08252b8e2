"""Submits jax/train.py with Kubeflow's Python client, as somebody on their own machine with a team's kubeconfig.

pip install kubeflow; KUBECONFIG=team-a.kubeconfig python examples/training/submit.py
"""

import os
from pathlib import Path

from kubeflow.trainer import CustomTrainerContainer, TrainerClient
from kubeflow.trainer.options import TrainerCommand

SCRIPT = Path(__file__).parent / "jax" / "train.py"
SECONDS = 900


def main() -> None:
    """Submits the training, follows it to its end, and prints what the first worker said."""
    # Where the platform keeps the trainer; the client asks it for its version.
    os.environ.setdefault("KUBEFLOW_SYSTEM_NAMESPACE", "trainer-system")
    client = TrainerClient()
    runtime = client.get_runtime("jax-distributed")
    workers = CustomTrainerContainer(
        image=runtime.trainer.image,
        num_nodes=2,
        resources_per_node={"cpu": "200m", "memory": "768Mi", "gpu": 1},
    )
    job = client.train(
        runtime=runtime, trainer=workers, options=[TrainerCommand(command=["python3", "-c", SCRIPT.read_text()])]
    )
    print(f"TrainJob {job}", flush=True)
    client.wait_for_job_status(job, timeout=SECONDS)
    for line in client.get_job_logs(job):
        print(line)
    client.delete_job(job)


if __name__ == "__main__":
    main()
