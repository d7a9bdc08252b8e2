"""Asks the served model about patients, by their features in the online store, and holds it to the registered model.

python predict.py 0 1 20                      once
python predict.py --requests 100 0            a hundred times: which version answered how often
python predict.py --version 2 0               of the version named
"""

import argparse
import json
import os
from collections import Counter

import httpx
import mlflow
import numpy as np
import pandas as pd
from features import COLUMNS, online

MODEL = "tumour"
HOST = f"{MODEL}--{os.environ['TEAM']}.{os.environ['DOMAIN']}"


def ask(session: httpx.Client, rows: pd.DataFrame, version: str | None) -> tuple[str, list[int]]:
    """Which version answered, and whether it takes each row's tumour for benign (1) or not (0)."""
    inputs = [{"name": name, "shape": [len(rows)], "datatype": "FP64", "data": rows[name].tolist()} for name in COLUMNS]
    named = {"x-model-version": version} if version else {}
    answer = session.post(f"https://{HOST}/v2/models/{MODEL}/infer", json={"inputs": inputs}, headers=named)
    answer.raise_for_status()
    content = answer.json()
    return content["model_version"], [int(value) for value in content["outputs"][0]["data"]]


def main() -> None:
    """Predict, compare, and print what came as one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patients", nargs="+", type=int)
    parser.add_argument("--requests", type=int, default=1)
    parser.add_argument("--version")
    arguments = parser.parse_args()
    rows = online(arguments.patients)
    versions: Counter[str] = Counter()
    with httpx.Client(headers={"Authorization": f"Bearer {os.environ['TOKEN']}"}, timeout=60) as session:
        for _ in range(arguments.requests):
            version, served = ask(session, rows, arguments.version)
            versions[version] += 1
    local = mlflow.sklearn.load_model(f"models:/{MODEL}/{version}").predict(rows)
    said = {
        "features": {str(number): row for number, row in zip(arguments.patients, rows.to_dict("records"), strict=True)},
        "benign": dict(zip(map(str, arguments.patients), served, strict=True)),
        "version": version,
        "equals_the_registered_model": bool(np.array_equal(served, local)),
        "answers_by_version": dict(versions),
    }
    print(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
