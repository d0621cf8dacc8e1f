# Some columns hold numbers written as text: with a unit, a currency sign or another decimal mark.
for column, (decimal, thousands) in NUMBER_COLUMNS.items():
    text = table[column].astype("string").str.replace("\u2212", "-")
    is_negative = text.str.contains(r"^\D*-\D*\d|^\s*\(.*\)\s*$|\d-\s*$", regex=True)
    digits = text.str.extract(r"(\d[\d.,'\s]*(?:[eE][-+]?\d+)?|[.,]\d+)", expand=False)
    digits = digits.str.replace(r"['\s]", "", regex=True)
    if thousands:
        digits = digits.str.replace(thousands, "", regex=False)
    values = pd.to_numeric(digits.str.replace(decimal, ".", regex=False), errors="coerce").astype(float)
    table[column] = values.where(~is_negative.fillna(False), -values)
