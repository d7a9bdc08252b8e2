"""Tells Feast what the team has defined in definitions.py."""

import definitions
from feast import Entity, FeatureService, FeatureStore, FeatureView


def defined(kind: type) -> list[object]:
    """Everything of that kind in definitions.py."""
    return [each for each in vars(definitions).values() if isinstance(each, kind)]


def main() -> None:
    """Apply it, unless a feature view is about something that nobody has defined."""
    entities, views, services = (defined(kind) for kind in (Entity, FeatureView, FeatureService))
    store = FeatureStore(".")
    known = {entity.name for entity in [*entities, *store.list_entities()]}
    for view in views:
        # Feast would take it, and fail when somebody reads it.
        if unknown := set(view.entities) - known:
            raise SystemExit(f"feature view {view.name}: no entity {', '.join(unknown)}; there is {', '.join(known)}")
    store.apply([*entities, *views, *services])
    print("applied", ", ".join(each.name for each in (*entities, *views, *services)))


if __name__ == "__main__":
    main()
