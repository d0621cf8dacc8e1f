# What does not look like a date becomes empty.
for column, pattern in DATE_COLUMNS.items():
    table[column] = pd.to_datetime(table[column].astype("string").str.strip(), format=pattern, errors="coerce")
