"""The annotation `pulumi.com/waitFor`: one expression, or a JSON list of expressions that must all hold.

`jsonpath={.status.phase}=Running` waits for a value, `jsonpath={.status.address}` for any; `condition=Ready` waits for
a condition to be True, `condition=Ready=False` for another status.
"""

import json

from plugins.kubernetes.awaiting import jsonpath
from plugins.kubernetes.awaiting.readiness import READY, Lister, Readiness, Rule, waiting
from plugins.kubernetes.errors import Object, ProviderError
from plugins.kubernetes.objects import WAIT_FOR, conditions


def rule(text: str) -> Rule:
    """The rule of an annotation's text.

    :raises ProviderError: the text is malformed.
    """
    expressions = _expressions(text)
    for expression in expressions:
        _evaluate(expression, {})

    def look(obj: Object, _: Lister) -> Readiness:
        unmet = [expression for expression in expressions if not _evaluate(expression, obj)]
        return waiting(f"waiting for {' and '.join(unmet)}") if unmet else READY

    return look


def _expressions(text: str) -> list[str]:
    try:
        values = json.loads(text)
    except ValueError:
        values = [text]
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise ProviderError(f"{WAIT_FOR}: expected an expression or a JSON list of expressions, got {text!r}")
    return values


def _evaluate(expression: str, obj: Object) -> bool:
    kind, _, rest = expression.partition("=")
    if kind == "jsonpath":
        # The value follows the closing brace; a filter inside the braces has `==` of its own.
        path, brace, tail = rest.rpartition("}")
        path, tail = (path + brace, tail) if brace else (rest.partition("=")[0], "".join(rest.partition("=")[1:]))
        found = jsonpath.find(path, obj)
        return any(jsonpath.as_text(value) == tail[1:].strip("'\"") for value in found) if tail else bool(found)
    if kind == "condition":
        name, _, status = rest.partition("=")
        known = {key.lower(): str(value.get("status", "")) for key, value in conditions(obj).items()}
        return known.get(name.lower(), "").lower() == (status or "True").lower()
    raise ProviderError(f'{WAIT_FOR}: expected a "jsonpath=" or "condition=" prefix, got {expression!r}')
