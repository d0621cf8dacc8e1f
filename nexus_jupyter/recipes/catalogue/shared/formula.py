import ast
import html
import math
import operator


def payment(rate, periods, amount):
    """Return the equal part that pays off an amount with interest; `rate` is per period, 0.01 for 1 %."""
    return amount * rate / (1 - (1 + rate) ** -periods) if rate else amount / periods


def future_value(rate, periods, deposit):
    """Return what a deposit at the end of each period grows to."""
    return deposit * ((1 + rate) ** periods - 1) / rate if rate else deposit * periods


OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
FUNCTIONS = {
    name: getattr(math, name) for name in ("sqrt", "exp", "log", "log10", "sin", "cos", "tan", "floor", "ceil")
}
FUNCTIONS |= {"abs": abs, "min": min, "max": max, "round": round, "payment": payment, "future_value": future_value}
CONSTANTS = {"pi": math.pi, "e": math.e}


def parse(formula):
    """Return the syntax tree of a formula; `^` is a power, as on paper."""
    return ast.parse(formula.replace("^", "**").strip(), mode="eval")


def names_in(formula):
    """Return the input names of a formula, in order."""
    known = {**FUNCTIONS, **CONSTANTS}
    nodes = [n for n in ast.walk(parse(formula)) if isinstance(n, ast.Name) and n.id not in known]
    return list(dict.fromkeys(n.id for n in sorted(nodes, key=lambda n: n.col_offset)))


def evaluate(formula, values):
    """Return the value of an arithmetic formula; names are inputs, constants or functions of `math`."""

    def value_of(node):
        match node:
            case ast.Expression():
                return value_of(node.body)
            case ast.Constant() if isinstance(node.value, int | float):
                return node.value
            case ast.Name() if node.id in values or node.id in CONSTANTS:
                return values.get(node.id, CONSTANTS.get(node.id))
            case ast.BinOp() if isinstance(node.op, ast.Pow):
                base, power = value_of(node.left), value_of(node.right)
                if abs(power) > 1000:
                    raise ValueError("the power is too large")
                return float(base) ** power
            case ast.BinOp() if type(node.op) in OPERATORS:
                return OPERATORS[type(node.op)](value_of(node.left), value_of(node.right))
            case ast.UnaryOp() if type(node.op) in OPERATORS:
                return OPERATORS[type(node.op)](value_of(node.operand))
            case ast.Call(func=ast.Name()) if node.func.id in FUNCTIONS and not node.keywords:
                return FUNCTIONS[node.func.id](*map(value_of, node.args))
        raise ValueError(f"`{ast.unparse(node)}` is not part of a formula")

    return value_of(parse(formula))
