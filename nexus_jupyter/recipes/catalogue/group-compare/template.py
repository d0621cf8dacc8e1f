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
MISSING = "(missing)"


def names_of(column):
    """Return a column as names of groups, in the order people expect: 9 before 10, missing last."""
    is_text = not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column))
    if pd.api.types.is_float_dtype(column):  # whole numbers with gaps: 2007, not 2007.0
        names = column.map("{:.15g}".format, na_action="ignore").astype("string")
    else:
        names = column.astype("string")
    in_order = names.loc[(names if is_text else column).sort_values().index].dropna().unique()
    return pd.Categorical(names.fillna(MISSING), list(dict.fromkeys([*in_order, MISSING])), ordered=True)


def summarise(value, group):
    """Return one row per group: how many values it has and how they are spread."""
    rows = pd.DataFrame({"Group": names_of(table[group]), "Value": pd.to_numeric(table[value], errors="coerce")})
    groups = rows.groupby("Group", observed=True)["Value"]
    spread = groups.agg(
        Rows="size", Count="count", Average="mean", Median="median", Sum="sum", Smallest="min", Largest="max"
    )
    spread["Lower"], spread["Upper"] = groups.quantile(0.25), groups.quantile(0.75)
    return spread.reset_index()


def tidy(number):
    """Return a number to read: thousands apart, no digits that say nothing."""
    return f"{number:,.0f}" if abs(number) >= 1e6 else f"{number:,.6g}"


# %% role=setup id=views
def bars(rows, statistic, value, order):
    return {
        "mark": {"type": "bar", "tooltip": True, "cornerRadiusEnd": 3},
        "encoding": {
            "x": {"field": "Group", "type": "nominal", "title": None, "sort": order, "axis": category_axis(order)},
            "y": {"field": statistic, "type": "quantitative", "title": f"{statistic} of {value}"},
            "tooltip": [{"field": "Group"}, {"field": statistic, "format": ",.4~f"}, {"field": "Count"}],
        },
    }


def boxes(rows, value, order):
    x = {"field": "Group", "type": "nominal", "title": None, "sort": order, "axis": category_axis(order)}
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

numbers = [c for c in table.select_dtypes("number") if table.empty or table[c].notna().any()]
measures = list(dict.fromkeys([*numbers, VALUE_COLUMN]))
groupings = list(table.columns)

measure = widgets.Dropdown(options=measures, value=VALUE_COLUMN, description="Compare")
grouping = widgets.Dropdown(options=groupings, value=GROUP_COLUMN, description="by")
view = widgets.ToggleButtons(options=["Bars", "Boxes", "Counts"], value=VIEW, description="Show")
statistic = widgets.Dropdown(
    options=["Average", "Median", "Sum", "Smallest", "Largest"], value=STATISTIC, description="Bars show"
)
order = widgets.Dropdown(options=["Name", "Largest first", "Smallest first"], description="Order")


def offer_statistic(_=None):
    """Offer the choice of a statistic where it matters."""
    statistic.layout.display = None if view.value == "Bars" else "none"


view.observe(offer_statistic, "value")
offer_statistic()


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
    show_chart(shown, spec, f"Rows by {group}" if view == "Counts" else f"{measured} of {value} by {group}")
    figures = shown.set_index("Group")[["Rows", "Count", "Average", "Median", "Sum", "Smallest", "Largest"]]
    with pd.option_context("display.float_format", tidy):
        display(figures.rename_axis(index=None, columns=group))


result = widgets.interactive_output(
    compare,
    {"value": measure, "group": grouping, "view": view, "statistic": statistic, "order": order},
)
display(widgets.VBox([widgets.HBox([measure, grouping]), widgets.HBox([view, statistic, order]), result]))

# %% [markdown] role=doc id=about
# shared: about
