"""The team's features as a data scientist's own machine sees them: definitions from the example, values through HTTPS.

The registry that the platform's jobs use is not reachable from outside; the definitions are, so a local one is made.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir

import pandas as pd
from feast import FeatureStore, RepoConfig

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "features"))

from definitions import MEASURED, diagnosis, patient, tumour

COLUMNS = list(MEASURED)


def feature_store() -> FeatureStore:
    """The feature store: history from the team's bucket, present values from the feature server."""
    registry = Path(gettempdir()) / f"registry-{os.environ['TEAM']}-{os.getuid()}.db"
    store = FeatureStore(
        config=RepoConfig(
            project=os.environ["FEAST_PROJECT"],
            provider="local",
            registry=str(registry),
            offline_store={"type": "dask"},
            online_store={"type": "remote", "path": os.environ["FEAST_SERVER"], "cert": os.environ["SSL_CERT_FILE"]},
            auth={"type": "kubernetes"},
            entity_key_serialization_version=3,
        )
    )
    store.apply([patient, tumour, diagnosis])
    return store


def online(patients: Sequence[int]) -> pd.DataFrame:
    """What the online store has of these patients, a row each."""
    rows = [{"patient": number} for number in patients]
    found = feature_store().get_online_features(features=diagnosis, entity_rows=rows).to_df()
    return found.set_index("patient")[COLUMNS].astype(float)
