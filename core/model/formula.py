"""A function of x that a person types: read by a small grammar, never by Python's evaluator.

    sum      = product (("+" | "-") product)*
    product  = signed (("*" | "/") signed)*
    signed   = "-" signed | power
    power    = atom ["**" signed]                    so -x**2 is -(x**2), and 2**3**2 is 2**(3**2)
    atom     = number | "x" | function "(" sum ")" | "(" sum ")"

What is read becomes a list of operations, each on x, on numbers and on the results of earlier ones: the
list that a gradient tape records (Wengert 1964). All arithmetic on it is the engine's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import isinf

import numpy as np
from backprop_tui.core.text.escape import escape_controls, with_hyphens
from backprop_tui.core.text.numerals import bracketed

MAX_LENGTH, MAX_DEPTH = 200, 40
FUNCTIONS = ("sin", "cos", "tanh", "exp", "log", "sqrt", "sigmoid", "relu")

_TOKEN = re.compile(r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|\*\*|[-+*/()]", re.ASCII)
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}
"""How strongly an operator holds on to what stands left of it; a minus sign (3) lies between * and **."""

_DERIVATIVES = {
    "+": ("1", "1"),
    "-": ("1", "-1"),
    "*": ("{1}", "{0}"),
    "/": ("1/{1}", "-{0}/{1}²"),
    "**": ("{1}·{0}**({1} - 1)", "log({0})·{0}**{1}"),
    "neg": ("-1",),
    "sin": ("cos({0})",),
    "cos": ("-sin({0})",),
    "tanh": ("1 - tanh({0})²",),
    "exp": ("exp({0})",),
    "log": ("1/{0}",),
    "sqrt": ("1/(2·sqrt({0}))",),
    "sigmoid": ("sigmoid({0})·(1 - sigmoid({0}))",),
    "relu": ("1 if {0} > 0 else 0",),
}
"""The derivative of each operation with respect to its first and its second operand."""

_WORKED: dict[str, Callable[..., float]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "neg": np.negative,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
}
"""What a reader finds with a calculator from the numbers that are printed."""


class FormulaError(ValueError):
    """What was typed is not a formula: the reason, and at which character (from 0)."""

    def __init__(self, reason: str, text: str, position: int) -> None:
        self.reason, self.text, self.position = reason, text, position
        super().__init__(f"{reason} (character {position + 1} of '{escape_controls(text[: MAX_LENGTH + 1])}')")


@dataclass(frozen=True)
class X:
    """The variable."""


@dataclass(frozen=True)
class Number:
    """A number, as it was typed."""

    value: float
    text: str


@dataclass(frozen=True)
class Call:
    """An operation in the expression tree, on one or two operands."""

    function: str
    operands: tuple["Expression", ...]


Expression = X | Number | Call


@dataclass(frozen=True)
class Result:
    """The result of an earlier operation: its number in the list, from 0."""

    index: int


Operand = X | Number | Result


@dataclass(frozen=True)
class Operation:
    """One recorded operation. What does not depend on x is computed but not recorded by the tape."""

    index: int
    function: str
    operands: tuple[Operand, ...]
    depends_on_x: bool

    @property
    def name(self) -> str:
        """v1, v2 ...: as it is called on the screen."""
        return f"v{self.index + 1}"

    def written(self, *operands: str) -> str:
        """The operation with its operands put in, `v1 + v2` when none are given."""
        texts = operands or tuple(operand_text(operand) for operand in self.operands)
        if len(texts) == 2:
            return f"{bracketed(texts[0])} {self.function} {bracketed(texts[1])}"
        return f"-{bracketed(texts[0])}" if self.function == "neg" else f"{self.function}({texts[0]})"

    def worked(self, *operands: float) -> float:
        """What these operands give, in float64: to tell whether a printed line holds. The numbers are TensorFlow's."""
        with np.errstate(all="ignore"):
            return float(_WORKED[self.function](*map(np.float64, operands)))

    def derivative_written(self, place: int, *operands: str) -> str:
        """The derivative with respect to the operand at this place, with the operands put in."""
        texts = operands or tuple(operand_text(operand) for operand in self.operands)
        return _DERIVATIVES[self.function][place].format(*(bracketed(text) for text in texts))


@dataclass(frozen=True)
class Formula:
    """What was typed, with hyphens as its minus signs, and its expression tree."""

    text: str
    tree: Expression

    @cached_property
    def _recorded(self) -> tuple[tuple[Operation, ...], Operand]:
        operations: list[Operation] = []

        def record(node: Expression) -> Operand:
            if not isinstance(node, Call):
                return node
            operands = tuple(record(operand) for operand in node.operands)
            depends = any(_depends(operand, operations) for operand in operands)
            operations.append(Operation(len(operations), node.function, operands, depends))
            return Result(len(operations) - 1)

        result = record(self.tree)
        return tuple(operations), result

    @property
    def operations(self) -> tuple[Operation, ...]:
        """In the order in which they are computed."""
        return self._recorded[0]

    @property
    def result(self) -> Operand:
        """What y is: the last operation's result, or x or a number alone."""
        return self._recorded[1]

    def depends_on_x(self, operand: Operand) -> bool:
        """Whether an operand changes with x."""
        return _depends(operand, self.operations)


def operand_text(operand: Operand) -> str:
    """`x`, the number as typed, or `v1`."""
    if isinstance(operand, X):
        return "x"
    return operand.text if isinstance(operand, Number) else f"v{operand.index + 1}"


def parse(text: str) -> Formula:
    """A formula of x. Raises FormulaError, which points at a character."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"a formula has at most {MAX_LENGTH} characters", text, MAX_LENGTH)
    parser = _Parser(text)
    tree = parser.expression(0, 1)
    if parser.token == ")":
        raise parser.error("this bracket was never opened")
    if parser.token:
        raise parser.unexpected()
    return Formula(parser.text, tree)


class _Parser:
    """Precedence climbing (Pratt 1973): one token ahead."""

    def __init__(self, text: str) -> None:
        self.text, self.end = with_hyphens(text), 0
        self.advance()

    def advance(self) -> None:
        """Read the next token; "" at the end."""
        self.start = self.end
        while self.start < len(self.text) and self.text[self.start] in " \t":
            self.start += 1
        self.token, self.kind, self.end = "", "", self.start
        if self.start == len(self.text):
            return
        found = _TOKEN.match(self.text, self.start)
        if found is None:
            hints = {"^": "a power is written **", "²": "a square is written **2", "³": "a cube is written **3"}
            hints |= dict.fromkeys("·×", "a product is written *") | {"–": "the minus sign is -"}
            character = self.text[self.start]
            raise self.error(hints.get(character, f"'{escape_controls(character)}' has no meaning here"))
        self.token, self.kind, self.end = found.group(), found.lastgroup or "sign", found.end()

    def expression(self, binding: int, depth: int) -> Expression:
        """What stands here, up to an operator that binds no stronger than `binding`."""
        if depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} deep")
        left = self.operand(depth)
        while _BINDING.get(self.token, 0) > binding:
            sign = self.token
            self.advance()
            # A power takes all to its right but products and sums; the others group to the left.
            right = self.expression(3 if sign == "**" else _BINDING[sign], depth + 1)
            left = Call(sign, (left, right))
        return left

    def operand(self, depth: int) -> Expression:
        """A number, x, a function of something, something in brackets, or the negative of one."""
        token, kind, start = self.token, self.kind, self.start
        if kind == "number":
            with np.errstate(over="ignore"):
                if isinf(np.float32(float(token))):
                    raise self.error("this number is beyond float32, whose largest is 3.4e38")
            self.advance()
            return Number(float(token), token)
        if token == "-":
            self.advance()
            return Call("neg", (self.expression(3, depth + 1),))
        if token == "(":
            return self.bracket(depth)
        if token == "x":
            self.advance()
            return X()
        if kind != "name":
            raise self.unexpected()
        if token not in FUNCTIONS:
            raise self.error(f"'{token}' is not known: there are x and {', '.join(FUNCTIONS)}")
        self.advance()
        if self.token != "(":
            raise FormulaError(f"{token} needs its argument in brackets: {token}(x)", self.text, start)
        return Call(token, (self.bracket(depth),))

    def bracket(self, depth: int) -> Expression:
        """Something in brackets."""
        start = self.start
        self.advance()
        inside = self.expression(0, depth + 1)
        if self.token != ")":
            if not self.token:
                raise FormulaError("this bracket is not closed", self.text, start)
            raise self.unexpected()
        self.advance()
        return inside

    def error(self, reason: str) -> FormulaError:
        return FormulaError(reason, self.text, self.start)

    def unexpected(self) -> FormulaError:
        """The token does not fit: say what would."""
        if not self.token:
            return self.error("something is missing here: a number, x or a function")
        if self.token == ")":
            return self.error("a number, x or a function is missing before this bracket")
        if self.kind in ("number", "name") or self.token == "(":
            return self.error("an operator is missing before this: write 4*x, not 4x")
        return self.error(f"'{self.token}' needs a number, x or a function on its left")


def _depends(operand: Operand, operations: "list[Operation] | tuple[Operation, ...]") -> bool:
    if isinstance(operand, Result):
        return operations[operand.index].depends_on_x
    return isinstance(operand, X)
