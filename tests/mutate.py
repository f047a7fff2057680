"""Random damage to the text of a saved model: bytes, structure, and hostile values in any field."""

import json
import random

CANARY = "canary"
HOSTILE = [
    f"__import__('os').system('touch {CANARY}')", f"__import__('pathlib').Path('{CANARY}').touch()",
    f"open('{CANARY}', 'w')", f"exec(\"open('{CANARY}', 'w')\")", f"eval(\"open('{CANARY}', 'w')\")",
    "().__class__.__bases__[0].__subclasses__()", "lambda: 0", "9**9**9**9", "10**10**10", "1e999999999",
    "x1**1000000000", "(2*x1)**99999999", "factorial(10**9)", "Integer(1)/0", "zoo", "nan", "x1/0", "log(0)",
    "sqrt(-1)", "I*x1", "x1 +", "(", "(" * 5000, "-" * 5000 + "x1", "x1" + "**x1" * 500,
    "exp(" * 100 + "x1" + ")" * 100, "1" * 100_000, "`x1", "\x00", "\ud800", "ｅｖａｌ(1)", "../../etc/passwd",
    "%s%n{0.__class__}", "", " ", "eqdarts model", "identity", "zero", "x1", "sqrt(x1)*2.5", "Abs(x1)**0.3 + 1e-320",
    0, 1, -1, 2, 10**15, 10**29, 0.0, -0.5, 1e308, 1e-320, 3.0, True, False, None, [], {}, [[]], [None], [1, 2],
    ["x1"], {"a": {"b": {"c": []}}}, ["zero"] * 1000,
]  # fmt: skip
RAW = [
    "[" * 100_000, "[" * 200 + "]" * 200, "{\"a\":" * 500 + "1" + "}" * 500, "9" * 5000, "1e999999999", "-1e400",
    "NaN", "Infinity", "-Infinity", "1" + "0" * 1000 + ".5", "0x10", "1_000", "\"\\ud800\"", "\"\\u0000\"",
    "\"unterminated", "'x'", "undefined", "//", "1.", "\"" + "x" * 60_000 + "\"",
]  # fmt: skip
_MARK = "\u0001mark\u0001"


def _places(data, path=()):
    """The way to every value in nested lists and dicts."""
    found = [path] if path else []
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        found += _places(value, (*path, key))
    return found


def _parent(data, path):
    for key in path[:-1]:
        data = data[key]
    return data


def _at(data, path):
    return _parent(data, path)[path[-1]]


def _value(data, rng):
    path = rng.choice(_places(data))
    _parent(data, path)[path[-1]] = rng.choice(HOSTILE)


def _text(data, rng):
    """A piece cut out of, doubled in, or put into a text field."""
    path = rng.choice([p for p in _places(data) if isinstance(_at(data, p), str)])
    text = _at(data, path)
    a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    insert = rng.choice(["", text[a:b] * 2, *map(str, HOSTILE[:20]), "*", "/0", "(", ")", "`", "**9", "e9", "."])
    _parent(data, path)[path[-1]] = text[:a] + insert + text[b:]


def _swap(data, rng):
    a, b = rng.choice(_places(data)), rng.choice(_places(data))
    if a[: len(b)] == b or b[: len(a)] == a:
        return
    first, second = _at(data, a), _at(data, b)
    _parent(data, a)[a[-1]], _parent(data, b)[b[-1]] = second, first


def _remove(data, rng):
    path = rng.choice(_places(data))
    del _parent(data, path)[path[-1]]


def _add(data, rng):
    path = rng.choice(_places(data))
    parent = _parent(data, path)
    if isinstance(parent, dict):
        parent[rng.choice(["__class__", "__proto__", "extra", "", "callback", str(rng.choice(HOSTILE))])] = rng.choice(
            HOSTILE
        )
    else:
        parent.insert(path[-1], rng.choice([rng.choice(HOSTILE), *parent[:1]]))


def _number(data, rng):
    numbers = [p for p in _places(data) if type(_at(data, p)) in (int, float)]
    path = rng.choice(numbers)
    _parent(data, path)[path[-1]] = rng.choice([-1, 0, 1, 10, 1e300, 1e-300, -0.0, 1.5]) * _at(data, path)


_STRUCTURE = [_value, _text, _swap, _remove, _add, _number]


def mutated(text: str, rng: random.Random) -> bytes:
    """One damaged copy of a valid file."""
    kind = rng.randrange(10)
    data = text.encode()
    if kind == 0:
        out = bytearray(data)
        for _ in range(rng.randrange(1, 9)):
            out[rng.randrange(len(out))] = rng.randrange(256)
        return bytes(out)
    if kind == 1:
        a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        return rng.choice([data[:a], data[a:], data[:a] + data[b:], data[:b] + data[a:], data[a:b]])
    tree = json.loads(text)
    if kind == 2:
        path = rng.choice(_places(tree))
        _parent(tree, path)[path[-1]] = _MARK
        return json.dumps(tree).replace(json.dumps(_MARK), rng.choice(RAW)).encode()
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        if _places(tree):
            try:
                rng.choice(_STRUCTURE)(tree, rng)
            except IndexError:
                continue  # there is no such field left
    return json.dumps(tree).encode()
