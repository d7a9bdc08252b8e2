"""A user's mistake, said in three parts: what is wrong, where, and the command that fixes it."""

from dataclasses import dataclass

from catalog.errors import CatalogError


@dataclass(eq=False)
class UserError(Exception):
    """Shown without a traceback; the command ends with `exit_code`.

    `what` is a sentence without a full stop. `where` names a file, key, process or address. `fix` is one command
    or instruction. All may have several lines.
    """

    what: str
    where: str = ""
    fix: str = ""
    exit_code: int = 2

    def __str__(self) -> str:
        parts = [("error", self.what), ("where", self.where), ("fix", self.fix)]
        return "\n".join(f"{label + ':':<7}{_indent(text)}" for label, text in parts if text)


def _indent(text: str) -> str:
    return text.strip().replace("\n", "\n" + " " * 7)


def is_for_users(error: Exception) -> bool:
    """Whether the error's text was written for the person at the terminal."""
    return isinstance(error, UserError | CatalogError) or bool(getattr(error, "user_message", False))


def message(error: Exception) -> str:
    """What to print for an error that ends a command."""
    if isinstance(error, UserError):
        return str(error)
    if is_for_users(error):
        return f"error: {error}"
    what = f"{type(error).__name__}: {error}"
    return str(
        UserError(what, where="an error that Cairn did not foresee", fix="see it whole: CAIRN_DEBUG=1 cairn ...")
    )


def exit_code(error: Exception) -> int:
    """What the command ends with: 2 for a mistake of the user's, 1 for everything else that went wrong."""
    if isinstance(error, UserError):
        return error.exit_code
    return 2 if is_for_users(error) else 1
