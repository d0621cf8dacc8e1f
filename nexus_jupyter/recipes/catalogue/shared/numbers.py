# Some columns hold numbers written as text: with a unit, a currency sign or another decimal mark.
for column, (decimal, thousands) in NUMBER_COLUMNS.items():
    text = table[column].astype("string").str.replace(r"[^\d.,eE+-]", "", regex=True)
    if thousands:
        text = text.str.replace(thousands, "", regex=False)
    table[column] = pd.to_numeric(text.str.replace(decimal, ".", regex=False), errors="coerce").astype(float)
