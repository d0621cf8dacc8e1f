import pandas as pd

table = pd.read_csv(DATA_FILE, low_memory=False, **READ_OPTIONS)
table.columns = table.columns.map(str)
