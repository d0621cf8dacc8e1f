# %% [markdown] role=doc id=title
# # {title}
#
# {description}

# %% role=setup id=choices
# slots

# %% role=setup id=load
# shared: load

# %% role=setup id=as_times
# shared: times

# %% role=setup id=steps
import re

ALL = "(whole row)"
AS_IT_IS = "As it is"
MOST_WORDS = 12  # of a note


def is_text(column):
    """Return whether a column holds text, or a mixture."""
    return not (
        pd.api.types.is_numeric_dtype(column)
        or pd.api.types.is_datetime64_any_dtype(column)
        or pd.api.types.is_bool_dtype(column)
    )


def kind_of(column):
    """Return what a column holds, in a word."""
    if column.notna().sum() == 0:
        return "empty"
    if pd.api.types.is_bool_dtype(column):
        return "yes/no"
    return "text" if is_text(column) else "date" if pd.api.types.is_datetime64_any_dtype(column) else "number"


def written(column):
    """Return a column as text, the way its values look; what is missing stays missing."""
    if pd.api.types.is_datetime64_any_dtype(column):
        times = column.dt.strftime("%Y-%m-%d %H:%M:%S").astype("string")
        return times.str.removesuffix(" 00:00:00")
    if pd.api.types.is_float_dtype(column):
        return column.map("{:.15g}".format, na_action="ignore").astype("string")
    return column.astype("string")


def tidied(column, spaces, case):
    """Return a text column without needless spaces, in one kind of letters."""
    text = column.astype("string")
    if spaces != "Keep":
        text = text.str.strip()
    if spaces == "Trim and collapse":
        text = text.str.replace(r"\s+", " ", regex=True)
    return {"lower": text.str.lower, "UPPER": text.str.upper, "Title": text.str.title, "Keep": lambda: text}[case]()


def as_number(text):
    """Return a text as a number: units and thousands marks are left out, the last mark is the decimal one."""
    found = re.search(r"\d[\d.,'\s]*(?:[eE][-+]?\d+)?|[.,]\d+", text)
    if not found:
        return None
    digits = re.sub(r"['\s]", "", found[0]).rstrip(".,")
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma > point and (point >= 0 or digits.count(",") == 1) and not re.fullmatch(r"[1-9]\d{0,2},\d{3}", digits):
        digits = digits.replace(".", "").replace(",", ".")  # 1.234,5 and 3,14; but 1,234 is a thousand
    else:
        digits = digits.replace(",", "")
    if digits.count(".") > 1:
        digits = digits.replace(".", "")
    before = text[: found.start()].replace("\u2212", "-")
    is_negative = "-" in before or text.strip().startswith("(") and text.strip().endswith(")")
    return -float(digits) if is_negative else float(digits)


def converted(column, to):
    """Return a column as numbers, dates or text; what cannot be converted is missing."""
    if to == "Number" and pd.api.types.is_datetime64_any_dtype(column):
        return pd.Series(float("nan"), index=column.index)
    if to == "Number":
        return column.astype("string").map(as_number, na_action="ignore").astype(float) if is_text(column) else column
    return as_times(column) if to == "Date" else written(column)


def filled(column, how, value):
    """Return a column with its gaps filled, or as it is where that makes no sense."""
    if how == "Fill: most common":
        common = column.mode()
        return column.fillna(common.iloc[0]) if len(common) else column
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if how in {"Fill: mean", "Fill: median"}:
        figure = getattr(column, how.removeprefix("Fill: "))() if is_number else None
        return column.astype(float).fillna(figure) if figure is not None and pd.notna(figure) else column
    if how == "Fill: value" and value:
        if is_number:
            number = as_number(value)
            return column.astype(float).fillna(number) if number is not None else column
        if pd.api.types.is_datetime64_any_dtype(column):
            time = as_times(pd.Series([value], dtype="string")).iloc[0]
            return column.fillna(time) if pd.notna(time) else column
        return column.astype("string").fillna(value)
    return column


def comparable(rows):
    """Return rows whose values can be compared: lists and objects of a JSON file as text."""
    return rows.apply(lambda column: column.astype("string") if column.dtype == object else column)


# %% role=setup id=clean
def cleaned(columns, spaces, case, also_missing, conversions, missing, value, duplicates, key):
    """Return the table after all steps: text, words that mean missing, types, missing values, duplicates."""
    rows = table.copy()
    nothing = [word.strip().casefold() for word in also_missing.split(",") if word.strip()]
    for name in columns:
        if is_text(rows[name]) and (spaces != "Keep" or case != "Keep"):
            rows[name] = tidied(rows[name], spaces, case)
        if is_text(rows[name]) and nothing:
            rows[name] = rows[name].mask(rows[name].astype("string").str.strip().str.casefold().isin(nothing))
    for name, to in conversions.items():
        rows[name] = converted(rows[name], to)
    if missing == "Drop rows":
        rows = rows.dropna(subset=list(columns))
    elif missing != "Keep":
        for name in columns:
            rows[name] = filled(rows[name], missing, value)
    if duplicates:
        rows = rows[~comparable(rows if key == ALL else rows[[key]]).duplicated()]
    return rows


def changed(before, after):
    """Return whether each value that is left looks different from before."""
    old, new = written(before.loc[after.index]), written(after)
    return (old.fillna("") != new.fillna("")) | (old.isna() != new.isna())


def summary_of(rows):
    """Return one row per column: its type, its missing values, and how many values changed."""
    found = [
        {
            "Column": name,
            "Type": kind_of(table[name]),
            "Type after": kind_of(rows[name]),
            "Missing": f"{table[name].isna().sum():,}",
            "Missing after": f"{rows[name].isna().sum():,}",
            "Changed": f"{changed(table[name], rows[name]).sum():,}",
        }
        for name in table.columns
    ]
    return pd.DataFrame(found).set_index("Column")


def needless_spaces(column):
    """Return how many texts of a column begin or end with a space, or have two in a row."""
    return int(column.astype("string").str.contains(r"^\s|\s$|\s\s", regex=True).sum()) if is_text(column) else 0


def totals_of(rows):
    """Return what people ask of a table: rows, missing values, duplicate rows, texts with needless spaces."""
    spaced = sum(needless_spaces(rows[name]) for name in rows.columns)
    return len(rows), int(rows.isna().sum().sum()), int(comparable(rows).duplicated().sum()), spaced


# %% role=app id=app
import base64

import ipywidgets as widgets
from IPython.display import display

names = list(table.columns)
columns = widgets.SelectMultiple(
    options=names, value=[COLUMN] if COLUMN else names, rows=min(6, max(2, len(names))), description="Columns to clean"
)
spaces = widgets.Dropdown(options=["Keep", "Trim", "Trim and collapse"], value=SPACES, description="Spaces in text")
case = widgets.Dropdown(options=["Keep", "lower", "UPPER", "Title"], value=CASE, description="Capitals in text")
also_missing = widgets.Text(
    description="Words that mean missing", placeholder="for example: ?, unknown, -", continuous_update=False
)
missing = widgets.Dropdown(
    options=["Keep", "Drop rows", "Fill: mean", "Fill: median", "Fill: most common", "Fill: value"],
    value=MISSING_VALUES,
    description="Missing values",
)
value = widgets.Text(value=FILL_VALUE, description="Fill with", placeholder="0", continuous_update=False)
duplicates = widgets.Checkbox(value=DUPLICATES == "Remove", description="Remove duplicates", indent=False)
key = widgets.Dropdown(options=[ALL, *names], value=KEY_COLUMN or ALL, description="Duplicates have the same")
convert = widgets.Dropdown(options=names, value=COLUMN or names[0], description="Convert column")
to = widgets.Dropdown(
    options=[AS_IT_IS, "Number", "Date", "Text"], value=CONVERT_TO if COLUMN else AS_IT_IS, description="Convert it to"
)
download = widgets.Button(description="Prepare download", button_style="primary")
link = widgets.HTML()
result = widgets.Output()
conversions = {COLUMN: CONVERT_TO} if COLUMN and CONVERT_TO != AS_IT_IS else {}


def offer_controls():
    """Ask for a value where one is filled in, and for a key where duplicates go."""
    value.layout.display = None if missing.value == "Fill: value" else "none"
    key.layout.display = None if duplicates.value else "none"


def current():
    """Return the table as the controls leave it."""
    return cleaned(
        columns.value,
        spaces.value,
        case.value,
        also_missing.value,
        conversions,
        missing.value,
        value.value or "0",
        duplicates.value,
        key.value,
    )


def show(_=None):
    """Show what the steps do: in figures, by column, and in the first rows."""
    offer_controls()
    link.value = ""
    rows = current()
    before, after = totals_of(table), totals_of(rows)
    parts = zip(("rows", "missing values", "duplicate rows", "texts with needless spaces"), before, after)
    text = " · ".join(f"{what} **{old:,} → {new:,}**" for what, old, new in parts)
    notes = [f"`{name}` is read as {to.lower()}." for name, to in conversions.items()]
    lost = {n: int(rows[n].isna().sum() - table[n].loc[rows.index].isna().sum()) for n in conversions}
    notes += [
        f"{count:,} value{'s' * (count > 1)} of `{name}` cannot be converted."
        for name, count in lost.items()
        if count > 0
    ]
    with result:
        result.clear_output(wait=True)
        display({"text/markdown": " ".join([text[:1].upper() + text[1:] + ".", *notes[:MOST_WORDS]])}, raw=True)
        with pd.option_context("display.max_rows", 200, "display.max_columns", 60, "display.max_colwidth", 200):
            display(summary_of(rows).rename_axis(index=None, columns="Column"))
            display({"text/markdown": f"**The first {min(10, len(rows))} rows after cleaning**"}, raw=True)
            with pd.option_context("display.float_format", "{:.10g}".format):
                display(rows.head(10))


def choose_conversion(_):
    """Show how the chosen column is converted."""
    to.value = conversions.get(convert.value, AS_IT_IS)


def set_conversion(_):
    """Keep the conversion of the chosen column."""
    if to.value == conversions.get(convert.value, AS_IT_IS):
        return
    conversions.pop(convert.value, None)
    if to.value != AS_IT_IS:
        conversions[convert.value] = to.value
    show()


def prepare(_):
    """Offer the cleaned rows as a CSV file."""
    rows = current()
    content = base64.b64encode(rows.to_csv(index=False).encode("utf-8-sig")).decode()
    link.value = f'<a download="cleaned.csv" href="data:text/csv;base64,{content}">Download {len(rows):,} rows</a>'


for control in (columns, spaces, case, also_missing, missing, value, duplicates, key):
    control.observe(show, "value")
convert.observe(choose_conversion, "value")
to.observe(set_conversion, "value")
download.on_click(prepare)
show()
display(
    widgets.VBox(
        [
            widgets.HBox([missing, value, spaces, case]),
            widgets.HBox([duplicates, key, convert, to]),
            widgets.HBox([columns, also_missing]),
            result,
            widgets.HBox([download, link]),
        ]
    )
)

# %% [markdown] role=doc id=about
# shared: about
