# %% [markdown] role=doc id=title
# # {title}
#
# {description}

# %% role=setup id=choices
# slots

# %% role=setup id=evaluate
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


# %% role=app id=app
import ipywidgets as widgets
from IPython.display import display

formula = widgets.Text(
    value=FORMULA, description="Formula", continuous_update=False, layout=widgets.Layout(width="460px")
)
fields = widgets.VBox()
answer = widgets.HTML()
inputs = {}
REASONS = {
    SyntaxError: "the formula is not complete",
    ZeroDivisionError: "a division by zero",
    OverflowError: "the number is too large",
    RecursionError: "the formula is too deep",
    MemoryError: "the formula is too deep",
}


def number(value):
    """Return a number as people write it: at most 10 digits, no trailing zeros."""
    if isinstance(value, complex) or not math.isfinite(value):
        raise ValueError("it is no real number, or too large")
    return f"{value:,.10g}"


def update(_=None):
    """Show the result, or why there is none."""
    try:
        value = evaluate(formula.value, {name: field.value for name, field in inputs.items()})
        answer.value = f'<p style="font-size: 2em; margin: 8px 0">{number(value)}</p>'
    except (ArithmeticError, ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        reason = REASONS.get(type(error), str(error))
        answer.value = f'<p role="alert" style="margin: 8px 0">No result: {html.escape(reason)}.</p>'


def show_inputs(_=None):
    """Offer one field for each name in the formula; values typed before are kept."""
    try:
        names = names_in(formula.value)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return update()
    for name in names:
        if name not in inputs:
            label = name.replace("_", " ").capitalize()
            inputs[name] = widgets.FloatText(
                value=INPUTS.get(name, 1.0), description=label, style={"description_width": "initial"}
            )
            inputs[name].observe(update, "value")
    for name in set(inputs) - set(names):
        del inputs[name]
    fields.children = [inputs[name] for name in names]
    update()


formula.observe(show_inputs, "value")
show_inputs()
display(widgets.VBox([formula, fields, answer]))

# %% [markdown] role=doc id=about
# shared: about
