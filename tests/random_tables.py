"""Tables as files, most of them damaged: the bytes that a command may be handed."""

import bz2
import functools
import gzip
import io
import random

import pandas as pd

NAMES = [
    "x", "y", "z", "flow rate (m3/s)", "Δv", "x1", "x_1", "pi", "e", "lambda", "a,b", 'a"b', "a`b", "=1+1", "+x", "-x",
    "@SUM(A1)", "__import__('os')", "<b>x</b>", "$x$", r"\frac{1}{2}", "x\x1b[31m", "\u202ex", "", " ", " x ", "x y",
    "1",
    "1.5", "nan", "Unnamed: 0", "index", "day", "class", "I", "zoo", "x" * 300, "x\ny", "%s", "{x}", "#x", "mass [kg]",
    "p (Pa)", "v (m/s)", "t [s]", "q [wrong unit]", "y_error", "sin(x)", "None", "ｘ", "𝐱", "\ufeffx", "target", "null",
]  # fmt: skip
CELLS = [
    "", " ", "0", "-0", "1", "-1", "1.5", "1,5", "1e5", "1e300", "1e-300", "1e308", "-1e308", "1e400", "-1e400",
    "1e-320",
    "5e-324", "nan", "NaN", "NA", "inf", "-inf", "Infinity", "1_000", "1 000", "1'000", "1,000.5", "1.000,5", "0x10",
    "١٢", "½", "1/2", "50%", "$5", "(5)", "5-", "--5", "+5", "1e", "e5", ".", "-", ".5", "5.", "TRUE", "false", "abc",
    "2020-01-01", "12:30", "01/02/03", "2020-01-01T00:00:00Z", "=1+1", "#N/A", "#DIV/0!", '"', '""', "'", "\\", "\x00",
    "\t", "\x1b[2J", "\u202e", "é", "😀", "9" * 400, "0." + "1" * 400, "1" + "0" * 30, "9007199254740993", "1;2", "1|2",
    "x" * 1000, "None", "null", "?", "*", "<LOD", "1±2", "1 kg", "1.2.3", "1e1e1", "1d5", "1.0f", "1j", "~", "\r",
]  # fmt: skip
_ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1", "cp037", "shift_jis"]
_RAW = [
    b"", b"\n", b"\r\n\r\n", b"\x00", b"\x00" * 999, b"\xff\xfe", b"\xef\xbb\xbf", b",", b",,,\n,,,\n", b'"', b'"""',
    b'"\n',
    b"x,y", b"x,y\n", b"x\n1\n2\n", b"x y\n1 2\n", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"PAR1",
    b"PAR1" + bytes(20) +
    b"PAR1", b"\x1f\x8b\x08\x00", b"BZh9", b"\xfd7zXZ\x00", b"\x80\x04\x95", b"{}", b"[[1,2],[3,4]]", b"<html></html>",
    b"%PDF-1.4", b"#comment\nx,y\n1,2\n", b"sep=;\nx;y\n1;2\n2;3\n", b"\xd8\x00", b"x,y\n" + b"1,2\n" * 3000,
    b"a" * 1_000_000, b"x,y\n1," + b"9" * 1_000_000, b"x,y\n" + b'"' * 9999, b"," * 100_000, b"x,y\n" + b"\n" * 9999,
]  # fmt: skip


def _numbers(rng, rows, columns):
    kind = rng.randrange(7)
    low, high = rng.choice([(1, 3), (-2, 2), (0, 1e6), (1e-9, 2e-9), (1e20, 9e20), (1e-200, 1e-190), (5, 5)])
    table = [[rng.uniform(low, high) for _ in range(columns)] for _ in range(rows)]
    for row in table:
        x = row[0]
        row[-1] = [x, 2 * x + 1, x * x, 3.0, rng.random(), float(rng.randrange(4)), rng.choice([0.0, 1.0])][kind]
    return table


def written(rng):
    """A table of numbers as a list of rows of text, with its names first."""
    rows, columns = rng.choice([0, 1, 3, 6, 8, 8, 12, 12, 20]), rng.choice([1, 2, 2, 3, 3, 4])
    plain = rng.random() < 0.65
    names = [*(f"x{k}" for k in range(columns - 1)), "y"] if plain else [rng.choice(NAMES) for _ in range(columns)]
    form = rng.choice(["{:.4g}", "{!r}", "{:.2f}", "{:.3e}"])
    cells = [[form.format(value) for value in row] for row in _numbers(rng, rows, columns)]
    if rng.random() < 0.2 and columns > 1:  # labels, of classes or groups
        place, labels = rng.randrange(columns), rng.choice([["a", "b"], ["yes", "no"], ["a", "b", "c"], ["1", "x"]])
        for row in cells:
            row[place] = rng.choice(labels)
    return [names, *cells]


def _damage_cells(rng, table):
    for _ in range(rng.choice([1, 1, 2, 5])):
        row = rng.choice(table)
        kind = rng.randrange(9)
        if kind <= 3 and row:
            row[rng.randrange(len(row))] = rng.choice(CELLS)
        elif kind == 4 and row:
            del row[rng.randrange(len(row))]  # ragged
        elif kind == 5:
            row.insert(rng.randrange(len(row) + 1), rng.choice(CELLS))
        elif kind == 6:
            table.insert(rng.randrange(len(table) + 1), rng.choice([[], [""], list(rng.choice(table))]))
        elif kind == 7:
            place, cell = rng.randrange(max(map(len, table)) or 1), rng.choice(CELLS)
            for other in table[1:]:
                if place < len(other):
                    other[place] = cell  # a whole column
        elif len(table) > 1:
            del table[rng.randrange(len(table))]


def _joined(rng, table):
    """As CSV in some dialect, quoted where it must be, or never, or always."""
    delimiter = rng.choice([",", ",", ",", ";", "\t", "|", " ", "::", ", "])
    end = rng.choice(["\n", "\n", "\r\n", "\r", "\n\n"])
    quoting = rng.choice(["needed", "needed", "never", "always", "odd"])

    def cell(text):
        if quoting == "never" or (quoting == "needed" and not set(text) & set(delimiter + '"\r\n')):
            return text
        if quoting == "odd" and rng.random() < 0.9:
            return text
        return '"' + (text if quoting == "odd" else text.replace('"', '""')) + '"'

    swapped = rng.random() < 0.1
    lines = [[cell(c.replace(".", ",") if swapped and k else c) for c in row] for k, row in enumerate(table)]
    head = rng.choice([""] * 12 + ["# made by hand\n", "sep=;\n", "\n\n", "title only\n", "\ufeff"])
    return head + end.join(map(delimiter.join, lines)) + rng.choice([end, end, "", end * 3, "\x1a", "\x00"])


def _damage_bytes(rng, content):
    out = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8])):
        a, b = sorted(rng.randrange(len(out) + 1) for _ in range(2))
        kind = rng.randrange(5)
        if kind == 0 and out:
            out[rng.randrange(len(out))] = rng.randrange(256)
        elif kind == 1:
            del out[a : min(b, a + 30)]
        elif kind == 2:
            out[a:a] = rng.choice(
                [b"\x00", b'"', b"\n", b",", b";", b"\xff", b"\xe2\x80", b"\r", bytes(rng.randrange(99))]
            )
        elif kind == 3:
            out[a:a] = out[a : min(b, a + 200)]
        else:
            del out[b:]
    return bytes(out)


@functools.cache
def _binary(suffix):
    """A small valid file of a kind that is not text."""
    table, file = pd.DataFrame({"x0": [1.0, 2, 3, 4, 5, 6], "y": [3.0, 5, 7, 9, 11, 13]}), io.BytesIO()
    if suffix == ".xlsx":
        table.to_excel(file, index=False)
    elif suffix == ".zip":
        table.to_csv(file, index=False, compression={"method": "zip", "archive_name": "data.csv"})
    else:
        table.to_parquet(file)
    return file.getvalue()


def file_of(rng: random.Random):
    """Bytes, the suffix of the name, and the names in the header, as far as there are any."""
    kind = rng.randrange(20)
    if kind == 0:
        return rng.choice(_RAW), rng.choice([".csv", ".csv", ".txt", ".xlsx", ".parquet", ".gz"]), ["x", "y"]
    if kind == 1:
        return (
            rng.randbytes(rng.choice([1, 10, 200, 5000])),
            rng.choice([".csv", ".xlsx", ".parquet", ".gz"]),
            ["x", "y"],
        )
    if kind == 2:
        suffix = rng.choice([".xlsx", ".parquet", ".zip"])
        return (_damage_bytes(rng, _binary(suffix)) if rng.random() < 0.8 else _binary(suffix)), suffix, ["x0", "y"]
    table = written(rng)
    names = list(table[0])
    if rng.random() < 0.5:
        _damage_cells(rng, table)
    if rng.random() < 0.005:
        table[-1][-1:] = [rng.choice(["1", "x", '"', " "]) * 1_000_000]
    content = _joined(rng, table).encode(rng.choice(["utf-8"] * 12 + _ENCODINGS), errors="replace")
    if rng.random() < 0.12:
        content = _damage_bytes(rng, content)
    suffix = rng.choice([".csv"] * 12 + [".tsv", ".txt", ".dat", "", ".CSV", ".xlsx", ".parquet"])
    if rng.random() < 0.03:
        packed = rng.choice([(".csv.gz", functools.partial(gzip.compress, mtime=0)), (".csv.bz2", bz2.compress)])
        content, suffix = packed[1](content), packed[0]
        content = _damage_bytes(rng, content) if rng.random() < 0.3 else content
    return content, suffix, names
