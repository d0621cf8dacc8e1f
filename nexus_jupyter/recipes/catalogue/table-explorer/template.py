# %% [markdown] role=doc id=title
# # {title}
#
# {description}

# %% role=setup id=choices
# slots

# %% role=setup id=load
# shared: load

# %% role=setup id=select
import base64

import numpy as np
from IPython.display import display

ANY = "(any column)"
FILE_ORDER = "(as in the file)"
MOST_VALUES = 500  # more than this nobody reads in a list: search instead
LOOK = ["display.max_columns", 60, "display.max_rows", 100, "display.max_colwidth", 300]
LOOK += ["display.float_format", "{:.10g}".format]


def as_text(column):
    """Return a column as text, with a word where a value is missing."""
    return column.astype("string").fillna("(missing)")


def searched(rows, words):
    """Return the rows in which every word occurs somewhere, capitals ignored."""
    for word in words.casefold().split():
        hits = pd.Series(False, index=rows.index)
        for column in rows.columns:
            hits |= rows[column].astype("string").str.casefold().str.contains(word, regex=False).fillna(False)
        rows = rows[hits]
    return rows


def download_link(rows, name):
    """Return a link that holds the rows as a CSV file."""
    content = base64.b64encode(rows.to_csv(index=False).encode("utf-8-sig")).decode()
    return f'<a download="{name}" href="data:text/csv;base64,{content}">Download {len(rows):,} rows</a>'


# %% role=app id=app
import ipywidgets as widgets

columns = list(table.columns)
search = widgets.Text(description="Search", placeholder="words in any column", continuous_update=False)
filter_by = widgets.Dropdown(options=[ANY, *columns], description="Filter")
keep = widgets.SelectMultiple(description="Keep", rows=5, layout=widgets.Layout(display="none"))
between = widgets.FloatRangeSlider(
    description="Between", continuous_update=False, layout=widgets.Layout(display="none", width="420px")
)
sort_by = widgets.Dropdown(options=[FILE_ORDER, *columns], value=SORT_COLUMN or FILE_ORDER, description="Sort by")
descending = widgets.Checkbox(description="Largest first", indent=False)
page = widgets.BoundedIntText(value=1, min=1, max=1, description="Page")
page_size = widgets.Dropdown(options=[10, 25, 50, 100], value=25, description="Rows")
download = widgets.Button(description="Prepare download")
link = widgets.HTML()


def is_range(column):
    """Return whether a column is filtered by a range: it has at least two different numbers."""
    if column == ANY or not pd.api.types.is_numeric_dtype(table[column]) or table[column].dtype == bool:
        return False
    return table[column][np.isfinite(table[column])].nunique() > 1


def offer_filter(_=None):
    """Show the control that fits the chosen column: a range for numbers, else a list of values."""
    column = filter_by.value
    if is_range(column):
        numbers = table[column][np.isfinite(table[column])].astype(float)
        low, high = numbers.min(), numbers.max()
        between.min, between.max = min(low, between.max), max(high, between.min)
        between.min, between.max, between.step = low, high, (high - low) / 100
        between.value = (low, high)
    elif column != ANY:
        keep.options = sorted(as_text(table[column]).unique())[:MOST_VALUES]
        keep.value = ()
    between.layout.display = None if is_range(column) else "none"
    keep.layout.display = None if column != ANY and not is_range(column) else "none"


def offer_direction(_=None):
    """Ask for a direction only where something is sorted."""
    descending.layout.display = None if sort_by.value != FILE_ORDER else "none"


filter_by.observe(offer_filter, "value")
sort_by.observe(offer_direction, "value")
offer_direction()


def selected():
    """Return the rows that the controls leave, sorted."""
    rows = searched(table, search.value)
    if is_range(filter_by.value):
        low, high = between.value
        if (low, high) != (between.min, between.max):
            rounding = between.step / 1000
            rows = rows[rows[filter_by.value].between(low - rounding, high + rounding)]
    elif filter_by.value != ANY and keep.value:
        rows = rows[as_text(rows[filter_by.value]).isin(keep.value)]
    if sort_by.value == FILE_ORDER:
        return rows
    order = {"ascending": not descending.value, "kind": "stable"}
    try:
        return rows.sort_values(sort_by.value, **order)
    except TypeError:  # a column that mixes numbers and text
        return rows.sort_values(sort_by.value, key=as_text, **order)


def browse(**_):
    """Show one page of the selected rows."""
    rows = selected()
    pages = max(1, -(-len(rows) // page_size.value))
    is_beyond = page.value > pages
    page.max = pages
    if is_beyond:  # the new maximum has moved the page, and that has shown its rows
        return
    first = (page.value - 1) * page_size.value
    shown = rows.iloc[first : first + page_size.value]
    span = f"{first + 1:,}–{first + len(shown):,} of " if len(shown) else ""
    display({"text/markdown": f"**{span}{len(rows):,} rows** · {len(table):,} in the file"}, raw=True)
    with pd.option_context(*LOOK):
        display(shown)
    link.value = ""


def prepare(_):
    link.value = download_link(selected(), "rows.csv")


download.on_click(prepare)
controls = {
    "search": search,
    "filter_by": filter_by,
    "keep": keep,
    "between": between,
    "sort_by": sort_by,
    "descending": descending,
    "page": page,
    "page_size": page_size,
}
result = widgets.interactive_output(browse, controls)
display(
    widgets.VBox(
        [
            widgets.HBox([search, filter_by, keep, between]),
            widgets.HBox([sort_by, descending, page, page_size]),
            result,
            widgets.HBox([download, link]),
        ]
    )
)

# %% [markdown] role=doc id=about
# shared: about
