"""Fits a line through points that all workers of a TrainJob make, data-parallel with PyTorch's DDP over gloo.

The points lie on a known line, so that the result can be checked; the GPUs may be simulated, and it says so.
"""

import json
import os
import re

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

STEPS = 300
ROWS = 64
"""Points of each worker."""
SLOPE = torch.tensor([3.0, -2.0])
INTERCEPT = 0.5


def device() -> dict[str, object]:
    """Where this worker runs and on which GPUs, and whether they are simulated."""
    simulated = sorted(value for name, value in os.environ.items() if re.fullmatch(r"GPU_DEVICE_\d+", name))
    real = [name for name in os.environ.get("NVIDIA_VISIBLE_DEVICES", "").split(",") if name not in ("", "void")]
    kind = "SIMULATED" if simulated else "REAL" if real else "none"
    return {"node": os.environ["NODE_NAME"], "accelerators": kind, "devices": simulated or real}


def main() -> None:
    """Trains, and prints a line for each worker and one for the result."""
    dist.init_process_group("gloo")
    me, workers = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(me)
    rows = torch.randn(ROWS, len(SLOPE))
    targets = (rows @ SLOPE + INTERCEPT)[:, None]
    of_all = torch.tensor([len(rows)])
    dist.all_reduce(of_all)
    worker = {"worker": me, "workers": workers, "rows": len(rows), "rows_of_all": int(of_all), **device()}
    print("WORKER", json.dumps(worker), flush=True)

    line = torch.nn.Linear(len(SLOPE), 1)
    model = DistributedDataParallel(line)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(rows), targets)
        loss.backward()
        optimizer.step()
    if me == 0:
        slope = [round(value, 3) for value in line.weight[0].tolist()]
        found = {"slope": slope, "intercept": round(line.bias.item(), 3), "workers": workers}
        print("RESULT", json.dumps(found), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
