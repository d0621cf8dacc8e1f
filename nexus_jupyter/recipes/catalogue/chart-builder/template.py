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
MOST_POINTS = 5000
MOST_BARS = 60
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


def binned(series, bins=30):
    """Return how many values fall into each of `bins` equal intervals."""
    values = pd.to_numeric(series, errors="coerce").dropna()
    if values.empty:
        return pd.DataFrame({"From": [], "To": [], "Count": []})
    counts = pd.cut(values, bins=min(bins, max(1, values.nunique()))).value_counts(sort=False)
    return pd.DataFrame({"From": counts.index.left, "To": counts.index.right, "Count": counts.to_numpy()})


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
        columns["colour"] = table[colour].astype("string").fillna("(missing)")
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
        encoding["x"]["axis"] = {"labelAngle": -35}
    if colour != NO_COLOUR:
        encoding["color"] = {"field": "colour", "type": "nominal", "title": colour}
    return rows, {"mark": MARKS[kind], "encoding": encoding}, f"{kind}: {y} against {x}"


# %% role=app id=app
import ipywidgets as widgets

columns = list(table.columns)
numbers = list(table.select_dtypes("number").columns) or columns
kind = widgets.ToggleButtons(options=list(MARKS), value=KIND, description="Chart")
x = widgets.Dropdown(options=columns, value=X_COLUMN, description="x")
y = widgets.Dropdown(options=numbers, value=Y_COLUMN, description="y")
colour = widgets.Dropdown(options=[NO_COLOUR, *columns], value=COLOUR_COLUMN or NO_COLOUR, description="Colour")
combine = widgets.Dropdown(options=["mean", "sum", "median", "min", "max", "count"], description="Combine")


def draw(kind, x, y, colour, combine):
    rows, spec, description = histogram(x) if kind == "Histogram" else chart(kind, x, y, colour, combine)
    if rows.empty:
        display(
            {"text/markdown": f"**Nothing to draw.** `{x if kind == 'Histogram' else y}` has no numbers here."},
            raw=True,
        )
        return
    limit = MOST_BARS if kind == "Bars" else MOST_POINTS
    if len(rows) > limit:
        note = (
            f"Showing the first {limit} of {len(rows):,} bars."
            if kind == "Bars"
            else f"Showing {limit:,} of {len(rows):,} points."
        )
        display({"text/markdown": note}, raw=True)
        rows = rows.head(limit) if kind == "Bars" else rows.sample(limit, random_state=0).sort_index()
    show_chart(rows, spec, description)


result = widgets.interactive_output(draw, {"kind": kind, "x": x, "y": y, "colour": colour, "combine": combine})
display(widgets.VBox([kind, widgets.HBox([x, y]), widgets.HBox([colour, combine]), result]))

# %% [markdown] role=doc id=about
# shared: about
