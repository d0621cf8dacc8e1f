import functools

PERIODS = {"Day": "D", "Week": "W", "Month": "M", "Quarter": "Q", "Year": "Y"}
MOST_STOPS = 200  # of a range slider
NOWHERE = [("", None), (" ", None)]


@functools.cache
def times_of(name):
    return as_times(table[name])


def has_times(name):
    """Return whether nearly all of a column's first values are times."""
    first = table[name].dropna().head(100)
    return len(first) > 0 and as_times(first).notna().mean() >= 0.9


def period_of(times, every):
    """Return the beginning of the period that each time falls into; weeks begin on Monday."""
    return times if every == "As it is" else times.dt.to_period(PERIODS[every]).dt.start_time


def finest(times, most):
    """Return the shortest period that leaves no more than `most` points."""
    for every in ["As it is", *PERIODS]:
        if period_of(times.dropna(), every).nunique() <= most:
            return every
    return "Year"


def written(times):
    """Return times as text, no longer than they need to be."""
    times = pd.Series(times, dtype="datetime64[ns]")
    if (times == times.dt.normalize()).all():
        is_year = ((times.dt.month == 1) & (times.dt.day == 1)).all()
        return times.dt.strftime("%Y" if is_year else "%Y-%m-%d").tolist()
    return times.dt.strftime("%Y-%m-%d %H:%M").tolist()


def stops_of(times, every):
    """Return where a range slider stops: at each period, or evenly thinned with both ends kept."""
    found = period_of(times, every).dropna().drop_duplicates().sort_values().tolist()
    if len(found) > MOST_STOPS:
        found = [found[round(i * (len(found) - 1) / (MOST_STOPS - 1))] for i in range(MOST_STOPS)]
    return list(zip(written(found), found)) if len(found) > 1 else NOWHERE
