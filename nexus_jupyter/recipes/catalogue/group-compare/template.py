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

# %% role=setup id=summary
LARGEST = 40  # more groups than this do not fit in one chart


def summarise(value, group):
    """Return one row per group: how many values it has and how they are spread."""
    names = table[group].astype("string").fillna("(missing)")
    values = pd.to_numeric(table[value], errors="coerce")
    rows = pd.DataFrame({"Group": names, "Value": values})
    spread = rows.groupby("Group", sort=True)["Value"].agg(
        Count="count",
        Average="mean",
        Median="median",
        Sum="sum",
        Smallest="min",
        Largest="max",
        Lower=lambda v: v.quantile(0.25),
        Upper=lambda v: v.quantile(0.75),
    )
    spread["Rows"] = names.value_counts()
    return spread.reset_index()


# %% role=setup id=views
def bars(rows, statistic, value, order):
    return {
        "mark": {"type": "bar", "tooltip": True, "cornerRadiusEnd": 3},
        "encoding": {
            "x": {"field": "Group", "type": "nominal", "title": None, "sort": order, "axis": {"labelAngle": -35}},
            "y": {"field": statistic, "type": "quantitative", "title": f"{statistic} of {value}"},
            "tooltip": [{"field": "Group"}, {"field": statistic, "format": ",.4~f"}, {"field": "Count"}],
        },
    }


def boxes(rows, value, order):
    x = {"field": "Group", "type": "nominal", "title": None, "sort": order, "axis": {"labelAngle": -35}}
    tooltip = [{"field": name, "format": ",.4~f"} for name in ("Smallest", "Lower", "Median", "Upper", "Largest")]
    scale = {"zero": False}
    return {
        "encoding": {"x": x, "tooltip": [{"field": "Group"}, *tooltip]},
        "layer": [
            {
                "mark": "rule",
                "encoding": {
                    "y": {"field": "Smallest", "type": "quantitative", "title": value, "scale": scale},
                    "y2": {"field": "Largest"},
                },
            },
            {
                "mark": {"type": "bar", "size": 26},
                "encoding": {"y": {"field": "Lower", "type": "quantitative"}, "y2": {"field": "Upper"}},
            },
            {
                "mark": {"type": "tick", "size": 26, "thickness": 2, "color": "white"},
                "encoding": {"y": {"field": "Median", "type": "quantitative"}},
            },
        ],
    }


# %% role=app id=app
import ipywidgets as widgets

measures = list(table.select_dtypes("number").columns) or list(table.columns)
groupings = list(table.columns)

measure = widgets.Dropdown(options=measures, value=VALUE_COLUMN, description="Compare")
grouping = widgets.Dropdown(options=groupings, value=GROUP_COLUMN, description="by")
view = widgets.ToggleButtons(options=["Bars", "Boxes", "Counts"], value=VIEW, description="Show")
statistic = widgets.Dropdown(
    options=["Average", "Median", "Sum", "Smallest", "Largest"], value=STATISTIC, description="Bars show"
)
order = widgets.Dropdown(options=["Name", "Largest first", "Smallest first"], description="Order")


def compare(value, group, view, statistic, order):
    summary = summarise(value, group)
    measured = {"Bars": statistic, "Boxes": "Median", "Counts": "Rows"}[view]
    if view != "Counts":
        summary = summary[summary["Count"] > 0]
    if summary.empty:
        display({"text/markdown": f"**No rows to compare.** `{value}` has no numbers in this table."}, raw=True)
        return
    if order != "Name":
        summary = summary.sort_values(measured, ascending=order == "Smallest first", kind="stable")
    if len(summary) > LARGEST:
        display({"text/markdown": f"Showing the first {LARGEST} of {len(summary):,} groups."}, raw=True)
    shown = summary.head(LARGEST)
    names = shown["Group"].tolist()
    if view == "Boxes":
        spec = boxes(shown, value, names)
    elif view == "Bars":
        spec = bars(shown, statistic, value, names)
    else:
        spec = bars(shown, "Rows", group, names)
    show_chart(shown, spec, f"{measured} of {value} by {group}")
    display(shown.set_index("Group")[["Rows", "Count", "Average", "Median", "Smallest", "Largest"]].round(4))


result = widgets.interactive_output(
    compare,
    {"value": measure, "group": grouping, "view": view, "statistic": statistic, "order": order},
)
display(widgets.VBox([widgets.HBox([measure, grouping]), widgets.HBox([view, statistic, order]), result]))

# %% [markdown] role=doc id=about
# shared: about
