"""Make IPython run a notebook's cells as Jupyter does, without what only a person in front of it needs."""

from typing import Any, cast

from IPython.core.compilerop import CachingCompiler
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

__all__ = ["make_shell"]


class _CellCompiler(CachingCompiler):
    """Name compiled code after its cell, so that a traceback says which cell it was."""

    cell = ""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:  # noqa: ARG002 - IPython's signature
        return self.cell or "<outside the notebook>"


class _Shell(InteractiveShell):
    """IPython without a terminal, a window or an event loop behind it."""

    system = InteractiveShell.system_raw
    """`!command` without a pseudo-terminal."""

    def ask_exit(self) -> None:
        """Let `exit()` end nothing but itself: the rest of the notebook is still to be run."""

    def enable_gui(self, gui: str | None = None) -> None:
        """Need no event loop for a window that is never opened."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[Any, Any]:
        """Accept any `%matplotlib` backend; figures are drawn and not shown."""
        try:
            return cast("tuple[Any, Any]", super().enable_matplotlib(gui))
        except (
            ImportError,
            RuntimeError,
            ValueError,
            KeyError,
            UsageError,
        ):  # a package, a screen or a browser is missing
            return cast("tuple[Any, Any]", super().enable_matplotlib("agg"))


def make_shell() -> InteractiveShell:
    """Return the one IPython shell of this process; it takes long enough to be made before the fork."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Plain"
    shell = _Shell.instance(config=config, compiler_class=_CellCompiler)
    # The first cell, the first value shown and the first traceback load modules, too
    shell.run_cell("None", store_history=False)
    shell.display_formatter.format(None)  # type: ignore[union-attr]  # it is made with the shell
    try:
        raise ValueError  # noqa: TRY301 - it is the traceback that is wanted
    except ValueError as error:
        shell.InteractiveTB.structured_traceback(ValueError, error, error.__traceback__)
    return shell
