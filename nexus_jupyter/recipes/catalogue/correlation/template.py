# %% [markdown] role=doc id=title
# # {title}
#
# {description}

# %% role=setup id=choices
# slots

# %% role=setup id=load
# shared: load

# %% role=setup id=figures
# shared: figures

# %% role=setup id=chart
# shared: chart

# %% role=setup id=correlate
import itertools

NO_COLOUR = "(none)"
LEAST_ROWS = 3  # two points always lie on a line
MOST_COLUMNS = 10  # chosen at first
MOST_POINTS = 3000
MOST_COLOURS = 8
MOST_PAIRS = 6


def varying_columns():
    """Return the columns with numbers that differ: only these can correlate."""
    return [c for c in table.select_dtypes("number") if numbers_of(table[c]).nunique() > 1]


def correlations(columns, method):
    """Return one row per pair of columns: r, and over how many rows; a row counts where both have a value."""
    values = pd.DataFrame({column: numbers_of(table[column]) for column in columns})
    present = values.notna().astype(int)
    r = values.corr(method=method.lower(), min_periods=LEAST_ROWS).to_numpy()
    n = (present.T @ present).to_numpy()
    places = itertools.product(range(len(columns)), repeat=2)
    return pd.DataFrame([{"x": columns[i], "y": columns[j], "r": r[i, j], "n": n[i, j]} for i, j in places])


def strongest(pairs):
    """Return each pair once, the strongest first, whatever its sign."""
    order = {column: i for i, column in enumerate(pairs["x"].unique())}
    once = pairs[pairs["x"].map(order) < pairs["y"].map(order)].dropna(subset=["r"])
    return once.sort_values("r", key=abs, ascending=False, kind="stable")


def in_words(r):
    """Return how strong a correlation is, as people say it."""
    size = abs(r)
    strength = next(word for least, word in ((0.8, "very strong"), (0.6, "strong"), (0.4, "moderate"), (0.2, "weak"), (0, "no")) if size >= least)  # fmt: skip
    return (
        "almost no correlation"
        if strength == "no"
        else f"a {strength} {'positive' if r > 0 else 'negative'} correlation"
    )


# %% role=setup id=draw
def matrix(columns):
    """Return the heat map; its cells are light in the middle in both themes, so their text is dark."""
    axis = {"labelLimit": 130, "title": None}
    tooltip = [{"field": "x", "title": "Column"}, {"field": "y", "title": "and"}]
    tooltip += [{"field": "r", "type": "quantitative", "format": ".3f"}, {"field": "n", "title": "Rows", "format": ","}]
    colours = {"domain": [-1, 0, 1], "range": ["#c2503a", "#f4f1ea", "#3a66c2"], "interpolate": "rgb"}
    legend = {"title": None, "orient": "top", "gradientThickness": 10, "gradientLength": 160}
    encoding = {
        "x": {"field": "x", "type": "nominal", "sort": columns, "axis": {**axis, "labelAngle": -40}},
        "y": {"field": "y", "type": "nominal", "sort": columns, "axis": axis},
        "tooltip": tooltip,
    }
    cells = {
        "mark": {"type": "rect", "cornerRadius": 2},
        "encoding": {"color": {"field": "r", "type": "quantitative", "scale": colours, "legend": legend}},
    }
    figures = {
        "mark": {"type": "text", "fontSize": {"expr": "bandwidth('x') < 34 ? 0 : 12"}},
        "encoding": {
            "text": {"field": "r", "type": "quantitative", "format": ".2f"},
            "color": {"condition": {"test": "abs(datum.r) > 0.6", "value": "white"}, "value": "#22262e"},
        },
    }
    return {"height": max(180, 34 * len(columns)), "encoding": encoding, "layer": [cells, figures]}


def points(x, y, colour):
    """Return the rows in which both columns have a value, and their chart."""
    rows = pd.DataFrame({"x": numbers_of(table[x]), "y": numbers_of(table[y])})
    encoding = {
        "x": {"field": "x", "type": "quantitative", "title": x, "scale": {"zero": False}},
        "y": {"field": "y", "type": "quantitative", "title": y, "scale": {"zero": False}},
    }
    if colour != NO_COLOUR:
        rows["colour"] = groups_of(table[colour], MOST_COLOURS)
        encoding["color"] = {"field": "colour", "type": "nominal", "title": colour}
    rows = rows.dropna(subset=["x", "y"])
    layers = [
        {"mark": {"type": "point", "filled": True, "size": 50, "opacity": 0.6, "tooltip": True}, "encoding": encoding}
    ]
    if rows["x"].nunique() > 1:
        ends = np.array([rows["x"].min(), rows["x"].max()])
        slope, base = np.polyfit(rows["x"] - ends[0], rows["y"], 1)  # from the first x on: steadier for large numbers
        line = [{"x": float(end), "y": float(base + slope * (end - ends[0]))} for end in ends]
        straight = {axis: {"field": axis, "type": "quantitative"} for axis in ("x", "y")}
        layers.append({"data": {"values": line}, "mark": {"type": "line", "strokeDash": [5, 4]}, "encoding": straight})
    return rows, {"layer": layers}


# %% role=app id=app
import ipywidgets as widgets

numbers = varying_columns()
named = [c for c in (X_COLUMN, Y_COLUMN) if c]
first = list(dict.fromkeys([*(c for c in named if c in numbers), *numbers]))[:MOST_COLUMNS]
best = strongest(correlations(first, METHOD)) if len(first) > 1 else pd.DataFrame()


def start_pair():
    """Return the pair to begin with: what was asked for, the rest from the strongest pair there is."""
    candidates = best[(best["x"].isin(named)) | (best["y"].isin(named))] if named and len(best) else best
    pair = list(candidates.iloc[0][["x", "y"]]) if len(candidates) else first[:2]
    found = list(dict.fromkeys([*named, *pair, *numbers, *table.columns[:1]]))
    return found[0], found[1] if len(found) > 1 else found[0]


start_x, start_y = start_pair()
offered = list(dict.fromkeys([*numbers, start_x, start_y]))
columns = widgets.SelectMultiple(
    options=numbers,
    value=tuple(c for c in numbers if c in first),
    rows=min(5, max(2, len(numbers))),
    description="Columns",
)
method = widgets.ToggleButtons(
    options=["Pearson", "Spearman"],
    value=METHOD,
    tooltips=["how nearly on a straight line", "how nearly in the same order"],
    description="Correlation",
)
x = widgets.Dropdown(options=offered, value=start_x, description="Pair: x")
y = widgets.Dropdown(options=offered, value=start_y, description="Pair: y")
colour = widgets.Dropdown(
    options=[NO_COLOUR, *group_columns(COLOUR_COLUMN)], value=COLOUR_COLUMN or NO_COLOUR, description="Colour"
)


def draw_matrix(columns, method):
    chosen = list(columns)
    if len(chosen) < 2:
        reason = (
            "Choose at least two columns." if len(numbers) > 1 else "Fewer than two columns hold numbers that differ."
        )
        display({"text/markdown": f"**Nothing to correlate.** {reason}"}, raw=True)
        return
    pairs = correlations(chosen, method)
    show_chart(pairs, matrix(chosen), f"{method} correlations of {len(chosen)} columns")
    listed = strongest(pairs).head(MOST_PAIRS)
    if listed.empty:
        display({"text/markdown": f"No two of these columns share {LEAST_ROWS} rows with different values."}, raw=True)
        return
    listed = listed.assign(r=listed["r"].map("{:.3f}".format), n=listed["n"].map("{:,}".format))
    listed = listed.rename(columns={"x": "Column", "y": "and", "n": "Rows"}).set_index("Column")
    display(listed.rename_axis(index=None, columns="Strongest pairs"))


def draw_pair(x, y, colour, method):
    rows, spec = points(x, y, colour)
    if rows.empty:
        display({"text/markdown": f"**Nothing to draw.** No row has numbers in both `{x}` and `{y}`."}, raw=True)
        return
    pair = rows[["x", "y"]].corr(method=method.lower(), min_periods=LEAST_ROWS).iloc[0, 1]
    if pd.isna(pair):
        text = f"Over {len(rows):,} rows, `{x}` and `{y}` do not vary enough for a correlation."
    else:
        text = f"**r = {pair:.3f}** ({method}) over {len(rows):,} rows: {in_words(pair)} of `{x}` and `{y}`."
    display({"text/markdown": text}, raw=True)
    if len(rows) > MOST_POINTS:
        display({"text/markdown": f"Showing {MOST_POINTS:,} of {len(rows):,} points."}, raw=True)
        rows = rows.sample(MOST_POINTS, random_state=0).sort_index()
    show_chart(rows, spec, f"{y} against {x}")


overview = widgets.interactive_output(draw_matrix, {"columns": columns, "method": method})
detail = widgets.interactive_output(draw_pair, {"x": x, "y": y, "colour": colour, "method": method})
display(widgets.VBox([widgets.HBox([columns, method]), overview, widgets.HBox([x, y, colour]), detail]))

# %% [markdown] role=doc id=about
# shared: about
