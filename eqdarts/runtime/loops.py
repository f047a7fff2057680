"""Functions in machine code, for which numba is imported when the first of them is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property, update_wrapper
from typing import Any

from eqdarts.runtime.compiled_cache import keep


class compiled:
    """The same function in machine code, kept on disk where it can be; other threads may run meanwhile.

    numba takes a quarter of a second to import, which those who only look at a model, and fits that need no loop, do
    not wait for. A function of this kind may call others of it.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)

    @cached_property
    def machine(self) -> Callable[..., Any]:
        """numba's function, which compiles or loads itself for the types of each call."""
        from numba import njit

        _teach_numba()
        decorate = njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
        machine = decorate(self.__wrapped__)  # type: ignore[attr-defined]
        keep(machine)
        return machine  # type: ignore[no-any-return]

    def __call__(self, *arguments: Any) -> Any:
        return self.machine(*arguments)


@cache
def _teach_numba() -> None:
    """That such a function, where another one calls it, is one of its own."""
    from numba.extending import typeof_impl

    @typeof_impl.register(compiled)
    def type_of(function: compiled, context: Any) -> Any:
        return typeof_impl(function.machine, context)
