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

# %% role=setup id=spread
ALL = "(all rows together)"
MOST_GROUPS = 8
MOST_OUTLIERS = 100
QUANTILES = {"5 %": 0.05, "25 %": 0.25, "Median": 0.5, "75 %": 0.75, "95 %": 0.95}


def values_of(value, group):
    """Return the column's numbers, and the group each one is in."""
    groups = value if group == ALL else groups_of(table[group], MOST_GROUPS)
    return pd.DataFrame({"Value": numbers_of(table[value]), "Group": groups})


def usual_bins(values):
    """Return how many bars suit the values: narrow enough to see the shape, wide enough to hold some."""
    values = values.dropna()
    return min(60, max(8, len(np.histogram_bin_edges(values, "auto")) - 1)) if len(values) > 1 else 8


def binned(values, bins):
    """Return how many values of each group fall into equal intervals; the last one holds its upper end."""
    present = values.dropna(subset=["Value"])
    edges = np.histogram_bin_edges(present["Value"], bins=min(bins, present["Value"].nunique()))
    parts = []
    for group, part in present.groupby("Group", sort=True):
        counts, _ = np.histogram(part["Value"], bins=edges)
        share = counts / len(part)
        parts.append(
            pd.DataFrame({"Group": group, "From": edges[:-1], "To": edges[1:], "Count": counts, "Share": share})
        )
    return pd.concat(parts, ignore_index=True)


def quantiles_of(values):
    """Return one row per group: how many values it has and how they are spread."""
    groups = values.groupby("Group", sort=True)["Value"]
    found = groups.agg(Values="count", Min="min")
    found.insert(1, "Missing", groups.size() - found["Values"])
    for name, share in QUANTILES.items():
        found[name] = groups.quantile(share)
    found["Max"], found["Average"], found["Std"] = groups.max(), groups.mean(), groups.std()
    return found


def fences_of(values, factor):
    """Return the limits beyond which a value is an outlier: `factor` times the interquartile range from the quartiles."""
    groups = values.groupby("Group", sort=True)["Value"]
    lower, upper = groups.quantile(0.25), groups.quantile(0.75)
    reach = factor * (upper - lower)
    return pd.DataFrame({"Lower": lower - reach, "Upper": upper + reach})


def outliers_of(values, factor):
    """Return the row numbers of the outliers, the farthest first."""
    fences = fences_of(values, factor)
    beyond = pd.concat(
        [
            values["Group"].map(fences["Lower"]) - values["Value"],
            values["Value"] - values["Group"].map(fences["Upper"]),
        ],
        axis=1,
    ).max(axis=1)
    return beyond[beyond > 0].sort_values(ascending=False, kind="stable").index


# %% role=setup id=histogram
def stacked(rows, heights):
    """Return the bars with their lower and upper ends: counts stand on each other, shares side by side."""
    top = rows.groupby("From")["Count"].cumsum() if heights == "Count" else rows["Share"]
    return rows.assign(Top=top, Bottom=top - rows["Count"] if heights == "Count" else 0.0)


def histogram(marks, value, group, heights):
    """Return the chart: bars, and a line at the median of each group."""
    # Rectangles, because Vega-Lite loses stacked bars whose bins are ready-made.
    x = {"field": "From", "type": "quantitative", "title": f"{value} (dashed: median)", "scale": {"zero": False}}
    y = {"field": "Top", "type": "quantitative", "title": "Rows", "scale": {"zero": True}}
    if heights == "Share":
        y |= {"axis": {"format": "%"}, "title": "Share" if group == ALL else "Share of each group"}
    number = {"type": "quantitative", "format": ",.5~f"}
    tooltip = [{"field": "From", **number}, {"field": "To", **number}, {"field": "Count"}]
    tooltip.append({"field": "Share", "type": "quantitative", "format": ".1%"})
    bars = {"x": x, "x2": {"field": "To"}, "y": y, "y2": {"field": "Bottom"}, "tooltip": tooltip}
    lines = {"x": {"field": "At", "type": "quantitative"}, "tooltip": [{"field": "What"}, {"field": "At", **number}]}
    if group != ALL:
        colour = {"field": "Group", "type": "nominal", "title": group}
        bars["color"] = lines["color"] = colour
        tooltip.insert(0, {"field": "Group"})
    opacity = 0.85 if heights == "Count" or group == ALL else 0.5
    mark = {"type": "rect", "opacity": opacity, "xOffset": 0.5, "x2Offset": -0.5}
    rule = {"type": "rule", "strokeWidth": 2, "strokeDash": [5, 4]}
    return {"layer": [{"mark": mark, "encoding": bars}, {"data": {"values": marks}, "mark": rule, "encoding": lines}]}


# %% role=app id=app
import ipywidgets as widgets

value = widgets.Dropdown(options=number_columns(VALUE_COLUMN), value=VALUE_COLUMN, description="Column")
group = widgets.Dropdown(options=[ALL, *group_columns(GROUP_COLUMN)], value=GROUP_COLUMN or ALL, description="Split by")
bins = widgets.IntSlider(
    value=BINS or usual_bins(numbers_of(table[VALUE_COLUMN])), min=1, max=max(100, BINS), description="Bars"
)
heights = widgets.ToggleButtons(options=["Count", "Share"], value=HEIGHTS, description="Bars show")
factor = widgets.FloatSlider(
    value=1.5, min=0.5, max=5, step=0.25, readout_format=".2f", description="Outliers lie beyond (× IQR)"
)


def draw(value, group, bins, heights, factor):
    values = values_of(value, group)
    if values["Value"].notna().sum() == 0:
        display({"text/markdown": f"**Nothing to draw.** `{value}` has no numbers here."}, raw=True)
        return
    quantiles = quantiles_of(values)
    medians = quantiles["Median"].dropna()
    marks = [{"Group": name, "At": at, "What": f"Median of {name}"} for name, at in medians.items()]
    rows = stacked(binned(values, bins), heights)
    show_chart(rows, histogram(marks, value, group, heights), f"Distribution of {value}")
    whole = quantiles.rename_axis(index=None, columns=group if group != ALL else "")
    display(whole.map(tidy))
    show_outliers(values, value, group, factor)


def show_outliers(values, value, group, factor):
    """List the rows of the outliers, or say that there are none."""
    found = outliers_of(values, factor)
    count = {0: "No outliers", 1: "1 outlier"}.get(len(found), f"{len(found):,} outliers")
    if group == ALL:
        lower, upper = fences_of(values, factor).iloc[0]
        where = f"more than {factor:g} × the interquartile range away: below {tidy(lower)} or above {tidy(upper)}"
    else:
        where = f"more than {factor:g} × the interquartile range of their own group away from its quartiles"
    text = f"**{count}**, {where}."
    if len(found) > MOST_OUTLIERS:
        text += f" The farthest {MOST_OUTLIERS} are listed."
    display({"text/markdown": text}, raw=True)
    if len(found):
        first = [value] if group == ALL else [value, group]
        with pd.option_context(
            "display.max_columns", 60, "display.max_rows", MOST_OUTLIERS, "display.max_colwidth", 300
        ):
            with pd.option_context("display.float_format", "{:.10g}".format):
                display(table.loc[found[:MOST_OUTLIERS], [*first, *(c for c in table.columns if c not in first)]])


result = widgets.interactive_output(
    draw, {"value": value, "group": group, "bins": bins, "heights": heights, "factor": factor}
)
display(widgets.VBox([widgets.HBox([value, group]), widgets.HBox([bins, factor, heights]), result]))

# %% [markdown] role=doc id=about
# shared: about
