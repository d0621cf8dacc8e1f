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

from IPython.display import display

ANY = "(any column)"
FILE_ORDER = "(as in the file)"


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


def offer_filter(change):
    """Show the control that fits the chosen column: a range for numbers, else a list of values."""
    column = change["new"]
    chosen = table[column] if column != ANY else None
    numeric = (
        chosen is not None and pd.api.types.is_numeric_dtype(chosen) and chosen.nunique() > 1 and chosen.dtype != bool
    )
    if numeric:
        low, high = float(chosen.min()), float(chosen.max())
        between.min, between.max = min(low, between.max), max(high, between.min)
        between.min, between.max, between.step = low, high, (high - low) / 100
        between.value = (low, high)
    elif chosen is not None:
        keep.options = sorted(chosen.astype("string").fillna("(missing)").unique())[:500]
        keep.value = ()
    between.layout.display = None if numeric else "none"
    keep.layout.display = None if chosen is not None and not numeric else "none"


filter_by.observe(offer_filter, "value")


def selected():
    """Return the rows that the controls leave, sorted."""
    rows = searched(table, search.value)
    if filter_by.value != ANY and between.layout.display is None:
        low, high = between.value
        if (low, high) != (between.min, between.max):
            rows = rows[rows[filter_by.value].between(low, high)]
    elif filter_by.value != ANY and keep.value:
        rows = rows[rows[filter_by.value].astype("string").fillna("(missing)").isin(keep.value)]
    if sort_by.value != FILE_ORDER:
        try:
            rows = rows.sort_values(sort_by.value, ascending=not descending.value, kind="stable")
        except TypeError:  # a column that mixes numbers and text
            rows = rows.sort_values(
                sort_by.value, ascending=not descending.value, kind="stable", key=lambda c: c.astype("string")
            )
    return rows


def browse(search, filter_by, keep, between, sort_by, descending, page, page_size):
    rows = selected()
    pages = max(1, -(-len(rows) // page_size))
    globals()["page"].max = pages
    first = (min(page, pages) - 1) * page_size
    shown = rows.iloc[first : first + page_size]
    last = first + len(shown)
    span = f"{first + 1:,}–{last:,} of " if len(shown) else ""
    display({"text/markdown": f"**{span}{len(rows):,} rows** · {len(table):,} in the file"}, raw=True)
    with pd.option_context("display.max_columns", 60, "display.max_rows", 100):
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
