"""How the resources of a local cluster behave: whatever is there, half there or gone, the next `up` settles it."""

from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, ResourceProvider, UpdateResult


class Provider(ResourceProvider):
    """A dynamic provider whose code is imported, never carried as a secret in the state."""

    serialize_as_secret_always = False

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Makes what `inputs` describe, whether nothing, half or all of it is there; returns further outputs."""
        raise NotImplementedError

    def identity(self, inputs: dict[str, Any]) -> str:
        """The resource's id."""
        raise NotImplementedError

    def live(self, inputs: dict[str, Any]) -> bool:
        """Whether what was made still runs; a no makes the next `up` settle it again (after a reboot, say)."""
        del inputs
        return True

    def holds(self, outputs: dict[str, Any]) -> bool:
        """Whether what was returned when it was made is still good; a no makes the next `up` settle it again."""
        del outputs
        return True

    replace_on: tuple[str, ...] = ()

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Settles the inputs. Creating what exists already adopts it, so that a killed `up` can be repeated."""
        return CreateResult(self.identity(props), {**props, **self.settle(props)})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Settles the new inputs."""
        return UpdateResult({**_news, **self.settle(_news)})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compares inputs; unchanged inputs whose work is no longer live, or no longer good, count as a change."""
        given = {key: value for key, value in _news.items() if key != "__provider" and value is not None}
        changed = [key for key, value in given.items() if _olds.get(key) != value]
        replaces = [key for key in changed if key in self.replace_on]
        changes = bool(changed) or not self.live(_news) or not self.holds(_olds)
        return DiffResult(changes=changes, replaces=replaces, delete_before_replace=True)
