import json

from IPython.display import display


def show_chart(rows, spec, description):
    """Show a Vega-Lite chart of the rows of a data frame."""
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": description,
        "width": "container",
        "height": 320,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": json.loads(rows.to_json(orient="records", date_format="iso", double_precision=15))},
        **spec,
    }
    display({"application/vnd.vegalite.v5+json": spec, "text/plain": description}, raw=True)


def category_axis(labels):
    """Return an axis whose labels lie flat where they fit side by side, on a phone too."""
    room = sum(len(str(label)) + 2 for label in labels)
    return {"labelAngle": 0 if room <= 45 else -35}
