"""The Jinja2 templates beside the deploys."""

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from catalog.directories import REPOSITORY

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(REPOSITORY / "hosts" / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **values: object) -> str:
    """The template's text with `values`; a name that is missing is an error."""
    return _ENVIRONMENT.get_template(template).render(**values)
