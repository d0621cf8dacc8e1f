# %% [markdown] role=doc id=title
# # {title}
#
# {description}

# %% role=setup id=choices
# slots

# %% role=setup id=evaluate
# shared: formula

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
