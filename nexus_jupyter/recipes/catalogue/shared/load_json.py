import json
from pathlib import Path

import pandas as pd


def read_records(file, encoding="utf-8-sig", lines=False, key=None):
    """Return a table of the records in a JSON file; what is nested gets dotted column names."""
    text = Path(file).read_text(encoding=encoding)
    if lines:
        return pd.json_normalize([json.loads(line) for line in text.split("\n") if line.strip()])
    data = json.loads(text)
    if key is not None:
        data = data[key]
    if isinstance(data, dict):  # an object of columns
        return pd.DataFrame(data).reset_index(drop=True)
    return pd.json_normalize(data) if all(isinstance(row, dict) for row in data) else pd.DataFrame(data)


table = read_records(DATA_FILE, **READ_OPTIONS)
table.columns = table.columns.map(str)
