"""What the team knows about its patients: one entity, one feature view over the measurements in its bucket."""

import os
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

MEASURED = ("mean_radius", "mean_texture", "mean_smoothness", "mean_concavity", "worst_area")

patient = Entity(name="patient", join_keys=["patient"], value_type=ValueType.INT64)

measurements = FileSource(
    name="measurements",
    path=f"s3://{os.environ['BUCKET']}/features/measurements/",
    timestamp_field="event_timestamp",
)

tumour = FeatureView(
    name="tumour",
    entities=[patient],
    ttl=timedelta(days=365),
    schema=[Field(name=name, dtype=Float64) for name in MEASURED],
    source=measurements,
)

diagnosis = FeatureService(name="diagnosis", features=[tumour])
