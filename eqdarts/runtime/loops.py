"""Functions in machine code, for which numba is imported when the first of them is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, update_wrapper
from types import FunctionType
from typing import Any

from eqdarts.runtime.compiled_cache import keep

#: Makes another function of one in machine code and its name.
Watch = Callable[[str, Callable[..., Any]], Callable[..., Any]]


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
        machine = in_machine_code(self.__wrapped__)  # type: ignore[attr-defined]
        keep(machine)
        return machine

    def watched(self, watch: Watch) -> Callable[..., Any]:
        """The same, calling what `watch` makes of each function of its own kind that it calls.

        To count calls and take their time. It is compiled anew, and not kept.
        """
        function = self.__wrapped__  # type: ignore[attr-defined]
        called = {name: function.__globals__.get(name) for name in function.__code__.co_names}
        others = {name: watch(name, each.machine) for name, each in called.items() if isinstance(each, compiled)}
        return in_machine_code(FunctionType(function.__code__, {**function.__globals__, **others}, function.__name__))

    def __call__(self, *arguments: Any) -> Any:
        return self.machine(*arguments)


def in_machine_code(function: Callable[..., Any]) -> Callable[..., Any]:
    """numba's function of a Python function, as all loops are compiled; other threads may run meanwhile."""
    from numba import njit

    _teach_numba()
    decorate = njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
    return decorate(function)  # type: ignore[no-any-return]


def call_at(address: int, size: int, a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    """From within a compiled function: call the C function at this address, of seven integers and no result."""
    raise NotImplementedError("only compiled functions can")


@dataclass(frozen=True, eq=False)
class CFunctions:
    """Two functions in machine code that `call_at` can call.

    Attributes
    ----------
    value, slopes : int
        Their addresses. Both take a size n and addresses: of x [n], w [P], the values [n], a flow [n], and the flow
        times the derivatives by x [n] and by each parameter [P, n]. One fills the values, the other the derivatives.
    kept : tuple
        What must live as long as the addresses are used.
    """

    value: int
    slopes: int
    kept: tuple[Any, ...]


@lru_cache(maxsize=256)
def c_functions(function: Callable[..., tuple[float, ...]], count: int) -> CFunctions:
    """Machine code for a Python function ``(x, *w) -> (value, by x, by each w)`` of numbers, with so many w.

    It takes half a second, once per process, and raises what numba raises.
    """
    from numba import carray, cfunc, literal_unroll, njit, types
    from numba.np.unsafe.ndarray import to_fixed_tuple

    inner = njit(error_model="numpy")(function)
    fixed: Any = to_fixed_tuple
    spread = njit(lambda w: fixed(carray(w, count), count)) if count else njit(lambda w: ())
    pointer = types.CPointer(types.float64)
    decorate = cfunc(types.void(types.int64, *[pointer] * 6))

    def value(n, x, w, out, flow, by_x, by_w):  # type: ignore[no-untyped-def]
        constants = spread(w)
        for i in range(n):
            out[i] = inner(x[i], *constants)[0]

    def slopes(n, x, w, out, flow, by_x, by_w):  # type: ignore[no-untyped-def]
        constants = spread(w)
        for i in range(n):
            place = -2
            for part in literal_unroll(inner(x[i], *constants)):
                if place == -1:
                    by_x[i] = flow[i] * part
                elif place >= 0:
                    by_w[place * n + i] = flow[i] * part
                place += 1

    functions: Any = decorate(value), decorate(slopes)
    return CFunctions(functions[0].address, functions[1].address, functions)


def _teach_calls() -> None:
    """How `call_at` is done."""
    from llvmlite import ir
    from numba.core import types
    from numba.extending import intrinsic, overload

    @intrinsic  # type: ignore[misc]
    def call(typing: Any, address: Any, size: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> Any:
        def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            integer = ir.IntType(64)
            kind = ir.FunctionType(ir.VoidType(), [integer] * 7)
            builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
            return context.get_dummy_value()

        return types.void(*[types.int64] * 8), write

    # numba compares the two signatures, so neither has annotations.
    @overload(call_at)  # type: ignore[misc]
    def overloaded(address, size, a, b, c, d, e, f):  # type: ignore[no-untyped-def]
        def implementation(address, size, a, b, c, d, e, f):  # type: ignore[no-untyped-def]
            call(address, size, a, b, c, d, e, f)  # type: ignore[call-arg]

        return implementation


@cache
def _teach_numba() -> None:
    """That such a function, where another one calls it, is one of its own."""
    from numba.extending import typeof_impl

    _teach_calls()

    @typeof_impl.register(compiled)
    def type_of(function: compiled, context: Any) -> Any:
        return typeof_impl(function.machine, context)
