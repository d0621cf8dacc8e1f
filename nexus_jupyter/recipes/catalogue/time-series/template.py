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

# %% role=setup id=figures
# shared: figures

# %% role=setup id=as_times
# shared: times

# %% role=setup id=periods
# shared: periods

# %% role=setup id=times
ALL = "(one line)"
COMBINATIONS = {
    "Average": "mean",
    "Sum": "sum",
    "Median": "median",
    "Smallest": "min",
    "Largest": "max",
    "Count": "count",
}
MOST_POINTS = 1500  # more than this no screen shows side by side
MOST_LINES = 8


# %% role=setup id=series
def series_of(time, value, split, every, combine, window):
    """Return one row per line and period, with the rolling mean of the last `window` periods that have a value."""
    rows = pd.DataFrame({"Time": period_of(times_of(time), every), "Value": numbers_of(table[value])})
    rows["Line"] = value if split == ALL else groups_of(table[split], MOST_LINES)
    rows = rows.dropna(subset=["Time", "Value"])
    points = rows.groupby(["Line", "Time"], sort=True)["Value"].agg(COMBINATIONS[combine]).reset_index()
    points["Rolling"] = points.groupby("Line")["Value"].transform(lambda values: values.rolling(window).mean())
    return points


def summary_of(points):
    """Return one row per line: how long it is, its average, where it is lowest and highest, how it changed."""
    points = points.assign(When=written(points["Time"]))
    found = []
    for line, part in points.groupby("Line", sort=True):
        low, high = part.loc[part["Value"].idxmin()], part.loc[part["Value"].idxmax()]
        first, last = part.iloc[0], part.iloc[-1]
        found.append(
            {
                "": line,
                "Points": f"{len(part):,}",
                "First": first["When"],
                "Last": last["When"],
                "Average": tidy(part["Value"].mean()),
                "Lowest": f"{tidy(low['Value'])} ({low['When']})",
                "Highest": f"{tidy(high['Value'])} ({high['When']})",
                "Change": tidy(last["Value"] - first["Value"]),
            }
        )
    return pd.DataFrame(found).set_index("")


# %% role=setup id=lines
def lines(points, value, split, every, combine, window):
    """Return the chart: the values, and over them their rolling mean."""
    what = value if every == "As it is" and combine == "Average" else f"{combine} of {value}"
    x = {"field": "Time", "type": "temporal", "title": None}
    y = {"field": "Value", "type": "quantitative", "title": what, "scale": {"zero": False}}
    is_rolling = window > 1
    parts = ["Value", "Rolling"] if is_rolling else ["Value"]
    tooltip = [{"field": "Time", "type": "temporal"}]
    tooltip += [{"field": part, "type": "quantitative", "format": ",.5~f"} for part in parts]
    encoding = {"x": x, "tooltip": tooltip}
    if split != ALL:
        encoding["color"] = {"field": "Line", "type": "nominal", "title": split}
        tooltip.append({"field": "Line", "title": split})
    few = len(points) <= 60
    faint = {"opacity": 0.35, "strokeWidth": 1.25} if is_rolling else {"strokeWidth": 2}
    layers = [{"mark": {"type": "line", "point": few and not is_rolling, **faint}, "encoding": {"y": y}}]
    if is_rolling:
        layers.append({"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": {"y": {**y, "field": "Rolling"}}})
    if few and is_rolling:
        layers.append({"mark": {"type": "point", "opacity": 0.5}, "encoding": {"y": y}})
    return {"encoding": encoding, "layer": layers}


# %% role=app id=app
import ipywidgets as widgets

times = [c for c in table.columns if c == TIME_COLUMN or has_times(c)]
splits = [ALL, *group_columns(SPLIT_COLUMN)]

value = widgets.Dropdown(options=number_columns(VALUE_COLUMN), value=VALUE_COLUMN, description="Show")
time = widgets.Dropdown(options=times, value=TIME_COLUMN, description="Over")
split = widgets.Dropdown(options=splits, value=SPLIT_COLUMN or ALL, description="One line for each")
every = widgets.Dropdown(
    options=[("value", "As it is"), *((name.lower(), name) for name in PERIODS)],
    value=EVERY or finest(times_of(TIME_COLUMN), MOST_POINTS),
    description="One point for each",
)
combine = widgets.Dropdown(options=list(COMBINATIONS), value=COMBINE, description="Combined by")
window = widgets.BoundedIntText(value=max(1, WINDOW), min=1, max=1000, description="Rolling mean over (1 = none)")
period = widgets.SelectionRangeSlider(
    options=NOWHERE,
    index=(0, 1),
    description="From – to",
    continuous_update=False,
    layout=widgets.Layout(width="100%"),
)


def offer_period(_=None):
    """Let the range slider stop at the periods there are; what was chosen stays as far as it can."""
    (low, high), before = period.value, [stop for _, stop in period.options]
    period.options = stops_of(times_of(time.value), every.value)
    stops = [stop for _, stop in period.options]
    period.layout.display = "none" if None in stops else None
    if None not in {*stops, *before} and (low, high) != (before[0], before[-1]):
        first = next((s for s in stops if s >= low), stops[0])
        last = next((s for s in reversed(stops) if s <= high), stops[-1])
        period.value = (first, max(first, last))
    else:
        period.value = (stops[0], stops[-1])


def draw(value, time, split, every, combine, window, period):
    points = series_of(time, value, split, every, combine, window)
    if points.empty:
        reason = f"`{time}` holds no dates" if times_of(time).notna().sum() == 0 else f"`{value}` has no numbers here"
        display({"text/markdown": f"**Nothing to draw.** {reason}."}, raw=True)
        return
    low, high = period
    if low is not None:
        points = points[points["Time"].between(low, high)]
    if points.empty:
        display({"text/markdown": "**Nothing to draw.** No values lie in this range."}, raw=True)
        return
    summary = summary_of(points)
    shown = points
    if points["Time"].nunique() > MOST_POINTS:
        kept = points["Time"].drop_duplicates().sort_values().tail(MOST_POINTS)
        text = f"Showing the last {len(kept):,} of {points['Time'].nunique():,} points in time."
        display({"text/markdown": f"{text} Longer periods or a narrower range show all."}, raw=True)
        shown = points[points["Time"] >= kept.iloc[0]]
    show_chart(shown, lines(shown, value, split, every, combine, window), f"{combine} of {value} over {time}")
    display(summary.rename_axis(index=None, columns=split if split != ALL else ""))


offer_period()
time.observe(offer_period, "value")
every.observe(offer_period, "value")
result = widgets.interactive_output(
    draw,
    {
        "value": value,
        "time": time,
        "split": split,
        "every": every,
        "combine": combine,
        "window": window,
        "period": period,
    },
)
display(widgets.VBox([widgets.HBox([value, time, split]), widgets.HBox([every, combine, window]), period, result]))

# %% [markdown] role=doc id=about
# shared: about
