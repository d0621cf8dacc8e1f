import pandas as pd

table = pd.read_csv(DATA_FILE, **READ_OPTIONS)
table.columns = table.columns.map(str)
