"""An equation as the source of a C99 function that needs nothing but ``math.h``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

from eqdarts.equation.exports.formula import ATOM, PRODUCT, Code, Formula, Language, check_word, code, identifiers
from eqdarts.errors import InputDataError
from eqdarts.formula.functions import Function
from eqdarts.formula.text import format_expression, format_name

#: Of C99 and C23, of C++, and of the dialects that compilers speak by default.
_KEYWORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl complex const constexpr
    continue default delete do double else enum explicit export extern false far float for friend goto i386 if
    imaginary inline int linux long main mutable near new noreturn not not_eq nullptr operator or or_eq private
    protected public register restrict return short signed sizeof static struct switch template this thread_local
    throw true try typedef typeid typename typeof typeof_unqual union unix unsigned using virtual void volatile
    while xor xor_eq
"""
#: What math.h declares, each for floats and for long doubles as well, and most of it for complex numbers with a c.
_MATHEMATICS = """
    abs acos acosh acospi arg asin asinh asinpi atan atan2 atan2pi atanh atanpi cbrt ceil compoundn conj copysign
    cos cosh cospi drem erf erfc exp exp10 exp10m1 exp2 exp2m1 expm1 fabs fadd fdim fdiv ffma finite floor fma fmax
    fmin fmod fmul fpclassify frexp fromfp fsqrt fsub gamma hypot ilogb imag isfinite isgreater isgreaterequal isinf
    isless islessequal islessgreater isnan isnormal isunordered j0 j1 jn ldexp lgamma llogb llrint llround log log10
    log10p1 log1p log2 log2p1 logb logp1 lrint lround math_errhandling modf nan nearbyint nextafter nextdown
    nexttoward nextup pow pow10 pown powr proj real remainder remquo rint rootn round roundeven rsqrt scalb scalbln
    scalbn setpayload signbit signgam significand sin sincos sinh sinpi sqrt tan tanh tanpi tgamma totalorder trunc
    ufromfp y0 y1 yn
"""
#: The other functions of a program that is linked, which one of the same name would replace.
_LIBRARY = """
    abort accept access acct alarm alloca asctime assert atexit atof atoi atol atoll bcmp bcopy bind bsearch btowc
    bzero calloc chdir chmod chown clearerr clock close connect crypt ctime difftime div dup dup2 environ err errno
    execl execv exit fclose fcntl feof ferror fflush ffs fgetc fgetpos fgets fileno fopen fork fprintf fputc fputs
    fread free freopen fscanf fseek fsetpos fstat fsync ftell ftruncate fwrite getc getchar getenv getopt getpid
    gets gmtime imaxabs imaxdiv index ioctl isalnum isalpha isascii isblank iscntrl isdigit isgraph islower isprint
    ispunct isspace isupper isxdigit kill labs ldiv link listen llabs lldiv localeconv localtime longjmp lseek
    malloc mblen mbrlen mbrtowc mbstowcs mbtowc memccpy memchr memcmp memcpy memmove mempcpy memset mkdir mktime
    nice offsetof open optarg optind pause perror pipe poll popen printf putc putchar putenv puts qsort raise rand
    random read realloc recv remove rename rewind rindex rmdir scanf select send setbuf setenv setjmp setlocale
    setvbuf shutdown sigaction signal sleep snprintf socket sprintf srand srandom sscanf stat stderr stdin stdout
    stpcpy strcasecmp strcat strchr strcmp strcoll strcpy strcspn strdup strerror strfmon strftime strlen strncat
    strncmp strncpy strndup strnlen strpbrk strrchr strspn strstr strtod strtof strtok strtol strtold strtoll
    strtoul strtoull strxfrm swab sync syscall system tempnam time times timezone tmpfile tmpnam toascii tolower
    toupper truncate tzname tzset umask uname ungetc unlink usleep utime vfork vfprintf vfscanf vprintf vscanf
    vsnprintf vsprintf vsscanf wait waitpid warn wcscat wcscpy wcslen wctomb wmemcpy write
"""
_FORMS = [(prefix, suffix) for prefix in ("", "c") for suffix in ("", "f", "l", "_r", "f_r", "l_r")]
_WORDS = {
    *_KEYWORDS.split(), *_LIBRARY.split(), *(p + word + s for word in _MATHEMATICS.split() for p, s in _FORMS),
}  # fmt: skip
#: Names that begin with an underscore belong to the compiler, those of three capitals or of several words in capitals
#: are macros, those in _t are types.
_SHAPES = re.compile(r"_\w*|[A-Z][A-Z0-9]*_[A-Z0-9_]*|[A-Z]{3}[A-Z0-9]*|\w+_t")
#: NaN stays NaN, as in NumPy; fmax and fmin would drop it.
_HELPERS = {
    "sign": "static double {name}_sign(double x)\n{{\n    return isnan(x) ? x : (double)((x > 0) - (x < 0));\n}}",
    "maximum": "static double {name}_maximum(double a, double b)\n{{\n    return isnan(a) || a > b ? a : b;\n}}",
    "minimum": "static double {name}_minimum(double a, double b)\n{{\n    return isnan(a) || a < b ? a : b;\n}}",
}


def to_c(formula: Formula, name: str | None = None) -> str:
    """The source of a function of the columns that stand in the formula, in the order of the table."""
    check_word(name)
    if name is not None and reserved(name):
        raise InputDataError(f"name={name!r}: it has a meaning in C; choose another one, such as {name + '_'!r}")
    own = set() if name is None else {name, *(f"{name}_{helper}" for helper in _HELPERS)}
    words = identifiers(formula.used, own, reserved)
    # Nor may the name of a helper be that of a column.
    spoilt = {w.removesuffix(f"_{helper}") for w in words.values() for helper in _HELPERS}
    function = name or identifiers([formula.target], {*words.values(), *spoilt}, reserved)[formula.target]
    symbols = {c: _scaled(words[c], formula.unit(c)) for c in formula.used}
    body = code(formula.expression, symbols, _language(function))
    value = body.text if formula.target_unit == 1 else f"{formula.target_unit!r}*{body.within(ATOM)}"
    helpers = [text.format(name=function) for key, text in _HELPERS.items() if f"{function}_{key}(" in value]
    comment = [f"{format_name(formula.target)} = {format_expression(formula.expression)}"]
    if formula.units or formula.target_unit != 1:
        comment[0] += f", in units of {formula.target_unit!r}; columns in units of their own"
    comment += [f"{words[c]}: column {c!r}" for c in formula.used]
    arguments = ", ".join(f"double {words[c]}" for c in formula.used) or "void"
    parts = [
        "#include <math.h>",
        *helpers,
        "/* " + "\n   ".join(map(_escaped, comment))
        + f" */\ndouble {function}({arguments})\n{{\n    return {value};\n}}",
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def reserved(word: str) -> bool:
    """Does a word mean something in C, in its headers or to a compiler?"""
    return word in _WORDS or _SHAPES.fullmatch(word) is not None


def _escaped(text: str) -> str:
    """Safe inside a comment, whatever the names of columns are."""
    printable = "".join(c if c.isascii() and c.isprintable() else ascii(c)[1:-1] for c in text)
    return re.sub(r"(?<=\*)(?=/)|(?<=/)(?=\*)|(?<=\?)(?=\?)", " ", printable)


def _scaled(word: str, unit: float) -> Code:
    return Code(word, ATOM) if unit == 1 else Code(f"({word}/{unit!r})", ATOM)


def _language(function: str) -> Language:
    def call(row: Function, argument: str) -> str:
        return f"{function}_sign({argument})" if row.c == "sign" else f"{row.c}({argument})"

    def largest(kind: str, arguments: Sequence[str]) -> str:
        name = f"{function}_maximum" if kind == "Max" else f"{function}_minimum"
        return reduce(lambda a, b: f"{name}({a}, {b})", arguments)

    return Language(lambda v: Code(repr(v), ATOM), call, _power, largest, lambda product: "-" + product.text)


def _power(base: Code, exponent: Code, value: float | None) -> Code:
    if value == 0.5:
        return Code(f"sqrt({base.text})", ATOM)
    if value == 2 and re.fullmatch(r"\w+", base.text):
        return Code(f"{base.text}*{base.text}", PRODUCT)
    return Code(f"pow({base.text}, {exponent.text})", ATOM)
