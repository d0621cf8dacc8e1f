# %% [markdown] role=doc id=title
# # {title}
#
# {description}

# %% role=setup id=choices
# slots

# %% role=setup id=evaluate
# shared: formula

# %% role=setup id=chart
# shared: chart

# %% role=setup id=curve
import pandas as pd

POINTS = 201
MOST_KEPT = 5
NOW = "now"
REASONS = {
    SyntaxError: "the formula is not complete",
    ZeroDivisionError: "a division by zero",
    OverflowError: "the number is too large",
    RecursionError: "the formula is too deep",
    MemoryError: "the formula is too deep",
}
PROBLEMS = (ArithmeticError, ValueError, TypeError, SyntaxError, RecursionError, MemoryError)


def reason_of(error):
    """Return why there is no value, in plain words."""
    return REASONS.get(type(error), str(error))


def value_at(formula, values):
    """Return the value of the formula as a real number."""
    value = evaluate(formula, values)
    if isinstance(value, complex) or not math.isfinite(value):
        raise ValueError("it is no real number, or too large")
    return float(value)


def curve(formula, values, along, start, end):
    """Return the points of the formula along one input, and why some have no value, if so."""
    points, problem = [], ""
    for i in range(POINTS):
        x = start + (end - start) * i / (POINTS - 1)
        try:
            points.append({"x": x, "y": value_at(formula, {**values, along: x})})
        except PROBLEMS as error:
            points.append({"x": x, "y": None})
            problem = reason_of(error)
    return points, problem


def readable(name):
    """Return an input's name as people say it."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:] if len(text) > 1 else text


def plot(curves, along):
    """Return the rows and the chart of all curves; kept ones are dashed."""
    rows = [{**point, "Curve": name} for name, points in curves.items() for point in points]
    tooltip = [{"field": "x", "title": readable(along)}, {"field": "y", "title": "Value"}]
    tooltip = [{**t, "type": "quantitative", "format": ",.5~f"} for t in tooltip]
    encoding = {
        "x": {"field": "x", "type": "quantitative", "title": readable(along), "scale": {"nice": False}},
        "y": {"field": "y", "type": "quantitative", "title": None, "scale": {"zero": False}},
        "tooltip": tooltip,
    }
    if len(curves) > 1:
        names = list(curves)
        legend = {"title": None, "orient": "top", "columns": 1, "labelLimit": 400}
        encoding["color"] = {"field": "Curve", "type": "nominal", "sort": names, "legend": legend}
        dashes = {"domain": names, "range": [[1, 0], *([[6, 4]] * (len(names) - 1))]}
        encoding["strokeDash"] = {"field": "Curve", "type": "nominal", "scale": dashes, "legend": None}
        encoding["tooltip"] = [{"field": "Curve"}, *tooltip]
    return pd.DataFrame(rows), {"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": encoding}


# %% role=app id=app
import html

import ipywidgets as widgets

formula = widgets.Text(
    value=FORMULA, description="Formula", continuous_update=False, layout=widgets.Layout(width="100%")
)
along = widgets.Dropdown(options=[ALONG], value=ALONG, description="Along the x axis")
start = widgets.FloatText(value=0, description="From")
end = widgets.FloatText(value=10, description="To")
keep = widgets.Button(description="Keep this curve", tooltip="to compare it with the next one")
forget = widgets.Button(description="Forget kept curves")
knobs = widgets.Box(layout=widgets.Layout(flex_flow="row wrap"))
message = widgets.HTML()
chart = widgets.Output()
sliders = {}
kept = {}


def slider_of(name):
    """Return a slider for an input: up to three times what it starts at, or from -10 to 10 if nothing is known."""
    value = INPUTS.get(name, 1.0)
    low, high = (min(0, 3 * value), max(0, 3 * value)) if name in INPUTS and value else (-10, 10)
    slider = widgets.FloatSlider(
        value=value, min=low, max=high, step=(high - low) / 300, description=readable(name), readout_format=".4g"
    )
    slider.observe(draw, "value")
    return slider


def draw(_=None):
    """Draw the curve as the sliders stand, or say why there is none."""
    values = {name: slider.value for name, slider in sliders.items()}
    try:
        names_in(formula.value)
    except PROBLEMS as error:
        return say(f"No curve: {reason_of(error)}.")
    if not along.value:
        return say("No curve: the formula has no input to move along. Give it a name, such as x.")
    if start.value >= end.value:
        return say("No curve: “From” has to be less than “To”.")
    points, problem = curve(formula.value, values, along.value, start.value, end.value)
    drawn = [p for p in points if p["y"] is not None]
    if not drawn:
        return say(f"No curve: {problem}.")
    low, high = min(drawn, key=lambda p: p["y"]), max(drawn, key=lambda p: p["y"])
    text = f"Highest {number(high['y'])} at {number(high['x'])}, lowest {number(low['y'])} at {number(low['x'])}"
    text += f", last {number(drawn[-1]['y'])}."
    if problem:
        text += f" {POINTS - len(drawn)} of {POINTS} points have no value: {problem}."
    message.value = f"<p>{html.escape(text)}</p>"
    forget.layout.display = None if kept else "none"
    rows, spec = plot({NOW: points, **kept}, along.value)
    with chart:
        chart.clear_output(wait=True)
        show_chart(rows, spec, f"{formula.value} along {along.value}")


def say(text):
    """Say why nothing is drawn."""
    message.value = f'<p role="alert">{html.escape(text)}</p>'
    chart.clear_output()


def number(value):
    """Return a number as people write it: at most 5 digits, no trailing zeros."""
    return f"{value:,.5g}"


def show_knobs():
    """Offer a slider for each input but the one on the x axis; they keep where they stand."""
    knobs.children = [slider for name, slider in sliders.items() if name != along.value]


def read_formula(_=None):
    """Follow the formula: its inputs become sliders, and the x axis one of them."""
    try:
        names = names_in(formula.value)
    except PROBLEMS:
        return draw()
    for name in [n for n in sliders if n not in names]:
        del sliders[name]
    for name in [n for n in names if n not in sliders]:
        sliders[name] = slider_of(name)
    kept.clear()
    before = along.value
    along.options = [(readable(n), n) for n in names] or [("(no input)", "")]
    along.value = before if before in names else next(iter(names), "")
    read_along()


def read_along(_=None):
    """Let the x axis reach twice as far as its input starts."""
    value = INPUTS.get(along.value, 5.0)
    kept.clear()
    start.value, end.value = min(0, 2 * value), max(0, 2 * value) or 10
    show_knobs()
    draw()


def keep_curve(_):
    """Leave the present curve in the plot, named by where the sliders stand."""
    values = {name: slider.value for name, slider in sliders.items()}
    name = ", ".join(f"{readable(n)} {number(v)}" for n, v in values.items() if n != along.value) or "kept"
    points, _problem = curve(formula.value, values, along.value, start.value, end.value)
    kept[name] = points
    for oldest in list(kept)[:-MOST_KEPT]:
        del kept[oldest]
    draw()


def forget_curves(_):
    kept.clear()
    draw()


for control in (start, end):
    control.observe(draw, "value")
formula.observe(read_formula, "value")
along.observe(read_along, "value")
keep.on_click(keep_curve)
forget.on_click(forget_curves)
read_formula()
display(widgets.VBox([formula, widgets.HBox([along, start, end]), knobs, message, chart, widgets.HBox([keep, forget])]))

# %% [markdown] role=doc id=about
# shared: about
