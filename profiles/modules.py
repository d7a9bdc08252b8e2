"""The platform's components, as a profile turns them on."""

from collections.abc import Mapping

from profiles.settings.base import Settings
from profiles.settings.cluster import ClusterModules
from profiles.settings.compute import ComputeModules
from profiles.settings.data import DataModules
from profiles.settings.models import ModelModules


class Modules(ModelModules, DataModules, ComputeModules, ClusterModules):
    """The platform's components: a module is on when its key is here."""

    def on(self) -> Mapping[str, Settings]:
        """The settings of each module that is on, by the module's name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
