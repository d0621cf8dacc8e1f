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

# %% role=setup id=as_times
# shared: times

# %% role=setup id=periods
# shared: periods

# %% role=setup id=chart
# shared: chart

# %% role=setup id=summary
ALL = "(all)"
NO_GROUP = "(no groups)"
STATISTICS = {"Average": "mean", "Sum": "sum", "Median": "median", "Count": "count"}
MOST_FILTERS = 4
MOST_VALUES = 30  # of a filter
MOST_BARS = 12
MOST_PERIODS = 120
MOST_POINTS = 1000
HEIGHT = 240


def labels_of(column):
    """Return a column as names of groups."""
    return groups_of(column, MOST_VALUES)


def filtered(choices, time, low, high):
    """Return the rows that all filters leave."""
    rows = table
    for name, choice in choices.items():
        if choice != ALL:
            rows = rows[labels_of(table[name]).loc[rows.index] == choice]
    if low is not None:
        times = period_of(times_of(time), every_of(time)).loc[rows.index]
        is_inside = times.between(low, high)
        # A range that is still whole hides nothing, rows without a time included.
        whole = stops_of(times_of(time), every_of(time))
        rows = rows if (low, high) == (whole[0][1], whole[-1][1]) else rows[is_inside]
    return rows


def figures_of(rows, measure):
    """Return the key figures of a measure."""
    values = numbers_of(rows[measure])
    return {
        "Rows": len(rows),
        "Sum": values.sum() if values.notna().any() else float("nan"),
        "Average": values.mean(),
        "Median": values.median(),
        "Lowest": values.min(),
        "Highest": values.max(),
    }


@functools.cache
def every_of(time):
    """Return the length of a period of the chart over time."""
    return finest(times_of(time), MOST_PERIODS)


def by_group(rows, measure, group, statistic):
    """Return the measure of the largest groups, the largest first."""
    parts = pd.DataFrame({"Group": labels_of(table[group]).loc[rows.index], "Value": numbers_of(rows[measure])})
    found = parts.dropna().groupby("Group")["Value"].agg(STATISTICS[statistic])
    return found.sort_values(ascending=False, kind="stable").reset_index()


def over_time(rows, measure, time, statistic):
    """Return the measure in each period."""
    times = period_of(times_of(time), every_of(time)).loc[rows.index]
    parts = pd.DataFrame({"Time": times, "Value": numbers_of(rows[measure])}).dropna()
    return parts.groupby("Time", sort=True)["Value"].agg(STATISTICS[statistic]).reset_index()


def spread(rows, measure):
    """Return how many values fall into equal intervals."""
    values = numbers_of(rows[measure]).dropna()
    if values.empty:
        return pd.DataFrame({"From": [], "To": [], "Rows": []})
    counts, edges = np.histogram(values, bins=min(20, values.nunique()))
    return pd.DataFrame({"From": edges[:-1], "To": edges[1:], "Rows": counts})


def pairs(rows, measure, against):
    """Return the rows in which both columns have a number."""
    return pd.DataFrame({"x": numbers_of(rows[against]), "y": numbers_of(rows[measure])}).dropna()


# %% role=setup id=charts
NUMBER = {"type": "quantitative", "format": ",.5~f"}


def bars_chart(rows, measure, group, statistic):
    names = rows["Group"].tolist()
    return {
        "title": f"{statistic} of {measure} by {group}",
        "mark": {"type": "bar", "cornerRadiusEnd": 3},
        "encoding": {
            "y": {"field": "Group", "type": "nominal", "title": None, "sort": names, "axis": {"labelLimit": 120}},
            "x": {"field": "Value", "type": "quantitative", "title": None},
            "tooltip": [{"field": "Group"}, {"field": "Value", **NUMBER}],
        },
    }


def line_chart(rows, measure, time, statistic):
    period = {"As it is": time}.get(every_of(time), every_of(time).lower())
    return {
        "title": f"{statistic} of {measure} by {period}",
        "mark": {"type": "line", "point": len(rows) <= 40},
        "encoding": {
            "x": {"field": "Time", "type": "temporal", "title": None},
            "y": {"field": "Value", "type": "quantitative", "title": None, "scale": {"zero": False}},
            "tooltip": [{"field": "Time", "type": "temporal"}, {"field": "Value", **NUMBER}],
        },
    }


def spread_chart(measure):
    return {
        "title": f"Spread of {measure}",
        "mark": {"type": "rect", "xOffset": 0.5, "x2Offset": -0.5},
        "encoding": {
            "x": {"field": "From", "type": "quantitative", "title": None, "scale": {"zero": False}},
            "x2": {"field": "To"},
            "y": {"field": "Rows", "type": "quantitative", "title": None, "scale": {"zero": True}},
            "y2": {"datum": 0},
            "tooltip": [{"field": "From", **NUMBER}, {"field": "To", **NUMBER}, {"field": "Rows"}],
        },
    }


def pairs_chart(measure, against):
    return {
        "title": f"{measure} against {against}",
        "mark": {"type": "point", "filled": True, "size": 40, "opacity": 0.55},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": None, "scale": {"zero": False}},
            "y": {"field": "y", "type": "quantitative", "title": None, "scale": {"zero": False}},
            "tooltip": [{"field": "x", "title": against, **NUMBER}, {"field": "y", "title": measure, **NUMBER}],
        },
    }


# %% role=setup id=cards
import html

CARD = "flex: 1 1 120px; min-width: 0; padding: 12px 16px; border: 1px solid rgb(128 128 128 / 30%); border-radius: 8px"


def cards_html(figures, whole):
    """Return one card per figure, with how it differs from the whole table where rows are filtered out."""
    cards = []
    for name, value in figures.items():
        shown = f"{value:,}" if name == "Rows" else tidy(value)
        note = f"of {whole[name]:,}" if name == "Rows" else "&nbsp;"
        if name != "Rows" and figures["Rows"] < whole["Rows"] and whole[name] and pd.notna(value):
            note = (
                f"{100 * (value / whole[name] - 1):+.1f} % to all rows"
                if name in {"Average", "Median"}
                else f"all rows {tidy(whole[name])}"
            )
        cards.append(
            f'<div style="{CARD}"><div style="font-size: 0.85em; opacity: 0.75">{html.escape(name)}</div>'
            f'<div style="font-size: 1.6em; font-weight: 600; overflow-wrap: anywhere">{shown}</div>'
            f'<div style="font-size: 0.8em; opacity: 0.75">{note}</div></div>'
        )
    return f'<div style="display: flex; flex-wrap: wrap; gap: 12px">{"".join(cards)}</div>'


# %% role=app id=app
import ipywidgets as widgets

numbers = number_columns(MEASURE_COLUMN)
times = [c for c in table.columns if has_times(c)]
start_time = TIME_COLUMN if TIME_COLUMN in times else next(iter(times), None)
groups = [c for c in group_columns() if c not in times]
is_few = table[GROUP_COLUMN].nunique() <= 12 or not pd.api.types.is_numeric_dtype(table[GROUP_COLUMN])
start_group = GROUP_COLUMN if is_few else next(iter(groups), NO_GROUP)  # a measure names no groups
measure = widgets.Dropdown(options=numbers, value=MEASURE_COLUMN, description="Measure")
statistic = widgets.Dropdown(options=list(STATISTICS), value=STATISTIC, description="Charts show its")
group = widgets.Dropdown(
    options=list(dict.fromkeys([NO_GROUP, *groups, start_group])), value=start_group, description="By"
)
others = [c for c in numbers if c != MEASURE_COLUMN and c not in times] or [MEASURE_COLUMN]
against = widgets.Dropdown(options=list(dict.fromkeys([*others, *numbers])), value=others[0], description="And against")
filters = {
    name: widgets.Dropdown(options=[ALL, *sorted(labels_of(table[name]).unique())], description=name)
    for name in group_columns(most=MOST_VALUES)
    if name not in times
}
filters = dict(list(filters.items())[:MOST_FILTERS])
stops = stops_of(times_of(start_time), every_of(start_time)) if start_time else NOWHERE
period = widgets.SelectionRangeSlider(
    options=stops,
    index=(0, len(stops) - 1),
    description=start_time or "",
    continuous_update=False,
    layout=widgets.Layout(width="100%", display=None if stops != NOWHERE else "none"),
)
cards = widgets.HTML()
message = widgets.HTML()
places = {
    name: widgets.Output(layout=widgets.Layout(flex="1 1 360px")) for name in ("group", "time", "spread", "pairs")
}
top = widgets.Layout(align_items="flex-start")
place_rows = [
    widgets.HBox([places["group"], places["time"]], layout=top),
    widgets.HBox([places["spread"], places["pairs"]], layout=top),
]


def put(place, rows, spec, description):
    """Show a chart in its place, or leave the place empty."""
    place.layout.display = "none" if rows is None or rows.empty else None
    with place:
        place.clear_output(wait=True)
        if rows is not None and not rows.empty:
            show_chart(rows, {"height": HEIGHT, **spec}, description)


def update(_=None):
    """Show the figures and charts of the rows that the filters leave."""
    low, high = period.value
    rows = filtered({name: control.value for name, control in filters.items()}, start_time, low, high)
    cards.value = cards_html(figures_of(rows, measure.value), figures_of(table, measure.value))
    reason = "No rows match these filters." if rows.empty else ""
    if not reason and numbers_of(rows[measure.value]).notna().sum() == 0:
        reason = f"“{measure.value}” has no numbers here."
    message.value = f'<p role="status"><strong>Nothing to draw.</strong> {html.escape(reason)}</p>' if reason else ""
    what = measure.value, group.value, statistic.value
    bars = by_group(rows, *what) if group.value != NO_GROUP else pd.DataFrame({"Group": []})
    spec = bars_chart(bars.head(MOST_BARS), *what)
    if len(bars) > MOST_BARS:
        spec["title"] += f" (the {MOST_BARS} largest of {len(bars)})"
    put(places["group"], bars.head(MOST_BARS), spec, spec["title"])
    line = over_time(rows, measure.value, start_time, statistic.value) if start_time else None
    if line is not None:
        spec = line_chart(line, measure.value, start_time, statistic.value)
        put(places["time"], line, spec, spec["title"])
    else:
        put(places["time"], None, {}, "")
    spec = spread_chart(measure.value)
    put(places["spread"], spread(rows, measure.value), spec, spec["title"])
    points = pairs(rows, measure.value, against.value) if against.value != measure.value else None
    spec = pairs_chart(measure.value, against.value)
    if points is not None and len(points) > MOST_POINTS:
        points = points.sample(MOST_POINTS, random_state=0).sort_index()
        spec["title"] += f" ({MOST_POINTS:,} points)"
    put(places["pairs"], points, spec, f"{measure.value} against {against.value}")


for control in (measure, statistic, group, against, period, *filters.values()):
    control.observe(update, "value")
update()
heading = widgets.HTML("<strong>Filters</strong>", layout=widgets.Layout(display=None if filters else "none"))
display(
    widgets.VBox(
        [
            widgets.HBox([measure, statistic, group, against]),
            heading,
            widgets.HBox(list(filters.values())),
            period,
            cards,
            message,
            *place_rows,
        ]
    )
)

# %% [markdown] role=doc id=about
# shared: about
