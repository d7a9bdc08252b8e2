"""Makes the training set: for each patient what was known at a moment, from the features' history, and the diagnosis.

python training_set.py tumour-1.csv        an object under training-sets/ in the team's bucket
"""

import os
import sys
from datetime import UTC, datetime

import boto3
import pandas as pd
from features import COLUMNS, diagnosis, feature_store


def main() -> None:
    """Join the features to the diagnoses as of now, and put the table where the training finds it."""
    name = sys.argv[1]
    bucket = os.environ["BUCKET"]
    landed = pd.read_parquet(f"s3://{bucket}/features/measurements/")
    patients = landed.drop_duplicates("patient")[["patient", "benign"]].assign(event_timestamp=datetime.now(UTC))
    table = feature_store().get_historical_features(entity_df=patients, features=diagnosis).to_df()
    table = table.sort_values("patient")[[*COLUMNS, "benign"]].rename(columns={"benign": "target"})
    key = f"training-sets/{name}"
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=table.to_csv(index=False).encode())
    print(f"{len(table)} rows at s3://{bucket}/{key}")


if __name__ == "__main__":
    main()
