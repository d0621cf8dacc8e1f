import pandas as pd

table = pd.read_parquet(DATA_FILE, **READ_OPTIONS)
table.columns = table.columns.map(str)
