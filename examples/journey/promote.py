"""Promotes a version of the registered model: names it champion, and puts it where serving finds it.

python promote.py 1
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import mlflow

MODEL = "tumour"


def main() -> None:
    """Copy the version's files from MLflow to models/tumour/VERSION in the team's bucket, and move the alias to it."""
    version = sys.argv[1]
    bucket, prefix = os.environ["BUCKET"], f"models/{MODEL}/{version}"
    storage = boto3.client("s3")
    with TemporaryDirectory() as directory:
        model = Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL}/{version}", dst_path=directory))
        for file in sorted(path for path in model.rglob("*") if path.is_file()):
            storage.upload_file(str(file), bucket, f"{prefix}/{file.relative_to(model)}")
    mlflow.MlflowClient().set_registered_model_alias(MODEL, "champion", version)
    print(f"{MODEL} version {version} is champion, at s3://{bucket}/{prefix}")


if __name__ == "__main__":
    main()
