"""Lands raw data: what the laboratory measured of each patient, as one Parquet file in the team's bucket.

python land.py              scikit-learn's breast cancer data, measured yesterday
python land.py --scale 1.1  measured again just now, by an instrument that reads higher
"""

import argparse
import importlib.util
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import s3fs

COLUMNS = {0: "mean_radius", 1: "mean_texture", 4: "mean_smoothness", 6: "mean_concavity", 23: "worst_area"}
DIAGNOSIS = 30


def measured(scale: float, moment: datetime) -> pd.DataFrame:
    """A row for each patient, whose number is the row's place in the data."""
    # The file that load_breast_cancer() reads, found without the rest of scikit-learn, which small images lack.
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise SystemExit("the data comes with scikit-learn: pip install scikit-learn")
    file = Path(package.origin).parent / "datasets" / "data" / "breast_cancer.csv"
    raw = pd.read_csv(file, header=None, skiprows=1)
    rows = raw[list(COLUMNS)].rename(columns=COLUMNS) * scale
    rows.insert(0, "patient", range(len(rows)))
    rows["benign"] = raw[DIAGNOSIS]
    rows["event_timestamp"] = pd.Timestamp(moment)
    return rows


def main() -> None:
    """Write the file beside those that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    moment = datetime.now(UTC) - timedelta(days=1 if scale == 1.0 else 0)
    rows = measured(scale, moment.replace(microsecond=0))
    path = f"{os.environ['BUCKET']}/features/measurements/{moment:%Y%m%dT%H%M%S}.parquet"
    with s3fs.S3FileSystem().open(path, "wb") as file:
        rows.to_parquet(file, index=False)
    print(f"landed {len(rows)} patients at s3://{path}")


if __name__ == "__main__":
    main()
