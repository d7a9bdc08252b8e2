"""Reads patients' features as a model would: from the online store, through the feature server.

python read.py 0 1 2
"""

import json
import sys

from feast import FeatureStore


def main() -> None:
    """Print them as JSON, a list for each feature."""
    store = FeatureStore(".")
    rows = [{"patient": int(number)} for number in sys.argv[1:] or ["0"]]
    service = store.get_feature_service("diagnosis")
    print(json.dumps(store.get_online_features(features=service, entity_rows=rows).to_dict()))


if __name__ == "__main__":
    main()
