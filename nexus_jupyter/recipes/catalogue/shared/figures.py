import numpy as np

MISSING = "(missing)"
OTHER = "(other)"


def numbers_of(column):
    """Return a column as numbers; what is no number, or infinite, is missing."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.Series(np.nan, index=column.index)
    values = pd.to_numeric(column, errors="coerce").astype(float)
    return values.where(np.isfinite(values))


def number_columns(first):
    """Return the columns that hold numbers; `first` is offered whatever it holds."""
    found = [c for c in table.select_dtypes("number") if table.empty or table[c].notna().any()]
    return list(dict.fromkeys([*found, first]))


def group_columns(first=None, most=50):
    """Return the columns whose few values may name groups; `first` is offered whatever it holds."""
    found = [c for c in table.columns if 1 < table[c].astype("string").nunique() <= most]
    found = [c for c in found if not pd.api.types.is_numeric_dtype(table[c]) or table[c].nunique() <= 12]
    return list(dict.fromkeys([*found, *([first] if first else [])]))


def groups_of(column, most):
    """Return the names of a column's groups: the most frequent ones, the rest together."""
    if pd.api.types.is_float_dtype(column):  # whole numbers with gaps: 4, not 4.0
        names = column.map("{:.15g}".format, na_action="ignore").astype("string").fillna(MISSING)
    else:
        names = column.astype("string").fillna(MISSING)
    frequent = names.value_counts().index[:most]
    return names.where(names.isin(frequent), OTHER)


def tidy(number):
    """Return a number to read: thousands apart, no digits that say nothing."""
    if pd.isna(number):
        return "–"
    return f"{number:,.0f}" if abs(number) >= 1e5 else f"{number:,.5g}"
