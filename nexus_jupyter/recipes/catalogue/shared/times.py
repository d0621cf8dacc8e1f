def as_times(column):
    """Return a column as times: 2007 is a year, 20070131 a day, text is read as well as it can be."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None)
    if pd.api.types.is_bool_dtype(column):
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[ns]")
    if pd.api.types.is_numeric_dtype(column):
        whole = column.where(column % 1 == 0).astype("Int64")
        years = whole.where(whole.between(1500, 2199)).astype("string")
        days = whole.where(whole.between(15_000_101, 21_991_231)).astype("string")
        return pd.to_datetime(years, format="%Y").fillna(pd.to_datetime(days, format="%Y%m%d", errors="coerce"))
    text = column.astype("string").str.strip()
    text = text.where(text.str.contains(r"\d", na=False))  # "sun" is no Sunday
    text = text.str.replace(r"^Q([1-4])\W*(\d{4})$", r"\2-Q\1", regex=True)
    for quarter, month in enumerate(("01", "04", "07", "10"), 1):
        text = text.str.replace(rf"^(\d{{4}})\W?Q{quarter}$", rf"\1-{month}", regex=True)
    return pd.to_datetime(text, format="mixed", errors="coerce", utc=True).dt.tz_localize(None)
