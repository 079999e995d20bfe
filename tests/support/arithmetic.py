"""Printed arithmetic, computed from its text alone: what a reader with a pocket calculator gets."""

import re
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from math import e, exp, expm1, inf, log, log1p, nan, sqrt, tanh

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
NUMBER = r"[-+]?(?:\d+\.?\d*)(?:e-?\d+)?"


def _sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z)) if z > -700 else 0.0


FUNCTIONS = {
    "sqrt": sqrt,
    "log": log,
    "exp": exp,
    "sigmoid": _sigmoid,
    "tanh": tanh,
    "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "elu": lambda z: z if z > 0 else expm1(z),
    "softplus": lambda z: z + log1p(exp(-z)) if z > 0 else log1p(exp(z)),
}


def computed(text: str) -> float:
    """What an expression as the program prints it comes to. Raises SyntaxError for what is none."""
    text = text.replace("·", "*").replace("∞", "inf").replace("NaN", "nan")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda power: "**" + power[0].translate(SUPERSCRIPTS), text)
    text = re.sub(r"e\^\(", "exp(", text)
    text = re.sub(rf"e\^({NUMBER})", r"exp(\1)", text)
    text = re.sub(rf"√({NUMBER})", r"sqrt(\1)", text).replace("√(", "sqrt(")
    text = re.sub(rf"ln ({NUMBER})", r"log(\1)", text).replace("ln(", "log(")
    text = text.replace("σ(", "sigmoid(").replace("½(", "0.5*(").replace("½", "0.5")
    text = re.sub(r"(?<=[\d)])\(", "*(", text)
    try:
        return float(eval(text, {"__builtins__": {}}, FUNCTIONS | {"inf": inf, "nan": nan, "e": e}))
    except ValueError:
        return nan
    except (OverflowError, ZeroDivisionError):  # a power of e that is no float: too large, or 0 below a line
        return _with_large_powers(text) if "exp(" in text else nan


def _with_large_powers(text: str) -> float:
    """An expression whose powers of e are too large or too small for a float, though their ratio is not."""
    text = re.sub(rf"(?<![\w.]){NUMBER}", lambda number: f"Decimal('{number[0]}')", text)
    try:
        return float(eval(text, {"__builtins__": {}}, {"Decimal": Decimal, "exp": Decimal.exp}))
    except Overflow:
        return inf
    except (DivisionByZero, InvalidOperation):
        return nan


def last_digit(text: str) -> float:
    """One unit of a printed number's last digit."""
    mantissa, _, exponent = text.partition("e")
    return float(10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])))


def is_finite_number(text: str) -> bool:
    return not any(word in text for word in ("∞", "NaN"))
