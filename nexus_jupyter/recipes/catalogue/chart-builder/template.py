# %% [markdown] role=doc id=title
# # {title}
#
# {description}

# %% role=setup id=choices
# slots

# %% role=setup id=load
# shared: load

# %% role=setup id=chart
# shared: chart

# %% role=setup id=prepare
import numpy as np

MOST_POINTS = 5000
MOST_BARS = 60
MOST_COLOURS = 12
NO_COLOUR = "(none)"
MARKS = {
    "Points": {"type": "point", "filled": True, "size": 50, "opacity": 0.7, "tooltip": True},
    "Line": {"type": "line", "point": True, "tooltip": True},
    "Bars": {"type": "bar", "cornerRadiusEnd": 3, "tooltip": True},
    "Area": {"type": "area", "line": True, "opacity": 0.6, "tooltip": True},
    "Histogram": {"type": "bar", "tooltip": True},
}


def scale_of(series):
    """Return the Vega-Lite type of a column."""
    if pd.api.types.is_datetime64_any_dtype(series):
        return "temporal"
    return "quantitative" if pd.api.types.is_numeric_dtype(series) and series.dtype != bool else "nominal"


def as_shown(series):
    """Return a column as a chart can show it: times and numbers as they are, anything else as text."""
    return series if scale_of(series) != "nominal" else series.astype("string").fillna("(missing)")


def coloured(series):
    """Return the names that colour a chart: the most frequent ones, the rest together."""
    names = series.astype("string").fillna("(missing)")
    frequent = names.value_counts().index[:MOST_COLOURS]
    return names.where(names.isin(frequent), "(other)")


def binned(series, bins=30):
    """Return how many values fall into each of `bins` equal intervals; the last one holds its upper end."""
    values = pd.to_numeric(series, errors="coerce")
    values = values[np.isfinite(values)]
    if values.empty:
        return pd.DataFrame({"From": [], "To": [], "Count": []})
    counts, edges = np.histogram(values.astype(float), bins=min(bins, values.nunique()))
    return pd.DataFrame({"From": edges[:-1], "To": edges[1:], "Count": counts})


# %% role=setup id=draw
def histogram(x):
    rows = binned(table[x])
    spec = {
        "mark": MARKS["Histogram"],
        "encoding": {
            "x": {
                "field": "From",
                "type": "quantitative",
                "title": x,
                "bin": {"binned": True},
                "scale": {"zero": False},
            },
            "x2": {"field": "To"},
            "y": {"field": "Count", "type": "quantitative"},
        },
    }
    return rows, spec, f"Histogram of {x}"


def chart(kind, x, y, colour, combine):
    columns = {"x": as_shown(table[x]), "y": pd.to_numeric(table[y], errors="coerce")}
    keys = ["x"]
    if colour != NO_COLOUR:
        columns["colour"] = coloured(table[colour])
        keys.append("colour")
    rows = pd.DataFrame(columns).dropna(subset=["x", "y"])
    if kind != "Points":
        rows = rows.groupby(keys, as_index=False, sort=True)["y"].agg(combine)
    encoding = {
        "x": {"field": "x", "type": scale_of(table[x]), "title": x, "scale": {"zero": False}},
        "y": {"field": "y", "type": "quantitative", "title": y if kind == "Points" else f"{combine} of {y}"},
    }
    if encoding["x"]["type"] == "nominal":
        encoding["x"].pop("scale")
        encoding["x"]["axis"] = category_axis(rows["x"].unique())
    if colour != NO_COLOUR:
        encoding["color"] = {"field": "colour", "type": "nominal", "title": colour}
    return rows, {"mark": MARKS[kind], "encoding": encoding}, f"{kind}: {y} against {x}"


# %% role=app id=app
import ipywidgets as widgets

columns = list(table.columns)
numbers = [c for c in table.select_dtypes("number") if table.empty or table[c].notna().any()]
numbers = list(dict.fromkeys([*numbers, Y_COLUMN]))
kind = widgets.ToggleButtons(options=list(MARKS), value=KIND, description="Chart")
x = widgets.Dropdown(options=columns, value=X_COLUMN, description="x")
y = widgets.Dropdown(options=numbers, value=Y_COLUMN, description="y")
colour = widgets.Dropdown(options=[NO_COLOUR, *columns], value=COLOUR_COLUMN or NO_COLOUR, description="Colour")
combine = widgets.Dropdown(options=["mean", "sum", "median", "min", "max", "count"], description="Combine")


def offer_controls(_=None):
    """Offer what matters for the kind of chart: a histogram has one column, points are not combined."""
    for control, needless in ((y, ["Histogram"]), (colour, ["Histogram"]), (combine, ["Histogram", "Points"])):
        control.layout.display = "none" if kind.value in needless else None


kind.observe(offer_controls, "value")
offer_controls()


def draw(kind, x, y, colour, combine):
    rows, spec, description = histogram(x) if kind == "Histogram" else chart(kind, x, y, colour, combine)
    if rows.empty:
        empty = x if kind == "Histogram" else y
        display({"text/markdown": f"**Nothing to draw.** `{empty}` has no numbers here."}, raw=True)
        return
    if kind == "Bars" and len(rows) > MOST_BARS:
        display({"text/markdown": f"Showing the first {MOST_BARS} of {len(rows):,} bars."}, raw=True)
        rows = rows.head(MOST_BARS)
    elif len(rows) > MOST_POINTS:
        display({"text/markdown": f"Showing {MOST_POINTS:,} of {len(rows):,} points."}, raw=True)
        rows = rows.sample(MOST_POINTS, random_state=0).sort_index()
    show_chart(rows, spec, description)


result = widgets.interactive_output(draw, {"kind": kind, "x": x, "y": y, "colour": colour, "combine": combine})
display(widgets.VBox([kind, widgets.HBox([x, y]), widgets.HBox([colour, combine]), result]))

# %% [markdown] role=doc id=about
# shared: about
