"""Slots are filled with the file's exact columns, or left as a visible choice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.errors import BadRequest, ColumnUnknown
from nexus_jupyter.recipes.instantiate import instantiate, slots_source
from nexus_jupyter.recipes.manifest import recipe
from nexus_jupyter.recipes.slots import Filling, fill
from nexus_jupyter.recipes.tables import profile

DATA = Path(__file__).parents[2] / "notebooks" / "data"
TABLES = Path(__file__).parents[1] / "fixtures" / "tables"
FILES = {p.stem: p for p in (*DATA.glob("*.csv"), *TABLES.glob("*.csv"), *TABLES.glob("*.json"))}


def filling(recipe_id: str, sentence: str, table: str | None = None) -> Filling:
    return fill(recipe(recipe_id).manifest, sentence, profile(FILES[table]) if table else None)


@pytest.mark.parametrize(
    ("table", "sentence", "value", "group", "view", "statistic"),
    [
        ("penguins", "compare body mass by species", "body_mass_g", "species", "Bars", "Average"),
        ("penguins", "which island has the longest flippers on average", "flipper_length_mm", "island", "Bars", "Average"),
        ("penguins", "box plot of bill depth for each sex", "bill_depth_mm", "sex", "Boxes", "Average"),
        ("penguins", "how many penguins per island", "bill_length_mm", "island", "Counts", "Average"),
        ("penguins", "median bill_length_mm by `year`", "bill_length_mm", "year", "Bars", "Median"),
        ("penguins-raw", "compare Body Mass (g) by Island", "Body Mass (g)", "Island", "Bars", "Average"),
        ("penguins-raw", "total culmen depth by clutch completion", "Culmen Depth (mm)", "Clutch Completion", "Bars", "Sum"),
        ("cars", "lowest horsepower per origin", "Horsepower", "Origin", "Bars", "Smallest"),
        ("cars", "average miles per gallon by cylinders", "Miles_per_Gallon", "Cylinders", "Bars", "Average"),
        ("barley", "compare the yeild between sites", "yield", "site", "Bars", "Average"),
        ("barley", "spread of yield by variety", "yield", "variety", "Boxes", "Average"),
        ("seattle-weather", "highest wind for each weather", "wind", "weather", "Bars", "Largest"),
        ("seattle-weather", 'compare "temp_max" by "weather"', "temp_max", "weather", "Bars", "Average"),
    ],
)  # fmt: skip
def test_group_compare(table: str, sentence: str, value: str, group: str, view: str, statistic: str) -> None:
    expected = {"value": value, "group": group, "view": view, "statistic": statistic}
    assert filling("group-compare", sentence, table).values() == expected


@pytest.mark.parametrize(
    ("table", "sentence", "x", "y", "colour", "kind"),
    [
        ("penguins", "scatter plot of bill length against bill depth coloured by species", "bill_depth_mm", "bill_length_mm", "species", "Points"),
        ("penguins", "histogram of body mass", "body_mass_g", "body_mass_g", "", "Histogram"),
        ("seattle-weather", "plot temp_max over time", "date", "temp_max", "", "Line"),
        ("seattle-weather", "draw precipitation by date as an area chart", "date", "precipitation", "", "Area"),
        ("seattle-weather", "line chart of wind", "date", "wind", "", "Line"),
        ("cars", "plot Horsepower vs Weight_in_lbs, colour by origin", "Weight_in_lbs", "Horsepower", "Origin", "Points"),
        ("cars", "bar chart of horsepower per origin", "Origin", "Horsepower", "", "Bars"),
        ("us-employment", "graph of manufacturing", "month", "manufacturing", "", "Line"),
        ("barley", "bar chart of yield coloured by site by variety", "variety", "yield", "site", "Bars"),
    ],
)  # fmt: skip
def test_chart_builder(table: str, sentence: str, x: str, y: str, colour: str, kind: str) -> None:
    expected = {"x": x, "y": y, "colour": colour, "kind": kind}
    assert filling("chart-builder", sentence, table).values() == expected


def test_table_explorer() -> None:
    assert filling("table-explorer", "browse the cars sorted by horsepower", "cars").values() == {"sort": "Horsepower"}
    assert filling("table-explorer", "find rows that contain 'ford'", "cars").values() == {"sort": ""}


@pytest.mark.parametrize(
    ("sentence", "formula", "inputs"),
    [
        ("calculate (a + b) / 2", "(a + b) / 2", []),
        ("compute length * width * height please", "length * width * height", []),
        ("work out x^2 + 3", "x**2 + 3", []),
        ("a BMI calculator", "weight_kg / height_m ** 2", ["weight_kg", "height_m"]),
        ("split the restaurant bill with a tip", "bill * (1 + tip_percent / 100) / people", ["bill", "tip_percent", "people"]),
        ("a calculator", "price * quantity", []),
    ],
)  # fmt: skip
def test_calculator(sentence: str, formula: str, inputs: list[str]) -> None:
    values = filling("calculator", sentence).values()
    assert values["formula"] == formula
    assert list(values["inputs"]) == inputs


@pytest.mark.parametrize(
    ("sentence", "window"),
    [
        ("a 7-day rolling mean of wind", 7),
        ("rolling mean of wind over 12 months", 12),
        ("wind since 2012 with a rolling mean over 30 days", 30),
        ("twelve month moving average of wind", 12),
        ("rolling mean of wind", 1),
        ("wind in 2012", 1),
    ],
)
def test_a_number_stands_beside_its_word(sentence: str, window: int) -> None:
    assert filling("time-series", sentence, "seattle-weather").values()["window"] == window


@pytest.mark.parametrize(
    ("table", "sentence", "value"),
    [
        ("penguins-raw", "distribution of Delta 15 N", "Delta 15 N (o/oo)"),
        ("penguins-raw", "distribution of Delta 13 C", "Delta 13 C (o/oo)"),
        ("cars", "outliers in mpg", "Miles_per_Gallon"),
        ("seattle-weather", "spread of the minimum temperature", "temp_min"),
    ],
)
def test_digits_initials_and_long_words_name_columns(table: str, sentence: str, value: str) -> None:
    assert filling("distribution", sentence, table).values()["value"] == value


def test_an_adverb_counts_only_as_it_is_typed() -> None:
    assert filling("time-series", "wind over the years", "seattle-weather").values()["every"] == ""
    assert filling("time-series", "yearly wind", "seattle-weather").values()["every"] == "Year"


@pytest.mark.parametrize("quotes", ["``", '""', "“”", "''", "‘’"])
def test_a_quoted_column_that_is_not_there_is_an_error(quotes: str) -> None:
    with pytest.raises(ColumnUnknown) as caught:
        filling("group-compare", f"compare {quotes[0]}wing span{quotes[1]} by species", "penguins")
    assert "`wing span`" in caught.value.message
    assert "`body_mass_g`" in caught.value.remedy


def test_an_unquoted_one_is_a_note() -> None:
    found = filling("group-compare", "compare body mass by colony", "penguins")
    assert found.values()["value"] == "body_mass_g"
    assert found.notes == (
        "`penguins.csv` has no column like “colony”. `species` stands in its place; change it in the app.",
    )


def test_both_unmatched_names_are_noted() -> None:
    found = filling("group-compare", "compare turnover by species", "penguins")
    assert [n.split(".csv")[1].split(". ")[0] for n in found.notes] == ["` has no column like “turnover”"]


@pytest.mark.parametrize("sentence", ["compare Umsatz by Filiale", "average foo per bar", "plot sales over region"])
def test_names_none_of_which_is_a_column_are_refused(sentence: str) -> None:
    with pytest.raises(ColumnUnknown, match=r"`penguins\.csv` has no column like “") as caught:
        filling("chart-builder" if "plot" in sentence else "group-compare", sentence, "penguins")
    assert "`body_mass_g`" in caught.value.remedy


@pytest.mark.parametrize(
    ("sentence", "y"),
    [
        ("show max temperature over time as a line chart", "temp_max"),
        ("plot wind over the years", "wind"),
        ("the trend of precipitation", "precipitation"),
        ("daily temp_min", "temp_min"),
    ],
)
def test_time_is_the_date_of_the_table(sentence: str, y: str) -> None:
    values = filling("chart-builder", sentence, "seattle-weather").values()
    assert (values["x"], values["y"], values["kind"]) == ("date", y, "Line")


def test_apostrophes_in_words_quote_nothing() -> None:
    values = filling("group-compare", "compare men's and women's body mass by sex", "penguins").values()
    assert (values["value"], values["group"]) == ("body_mass_g", "sex")


def test_a_quoted_file_name_is_no_column() -> None:
    values = filling("group-compare", 'compare body mass by species in "penguins.csv"', "penguins").values()
    assert values["group"] == "species"


@pytest.mark.parametrize(
    "name",
    ["a.b", "[x]", 'say "hi"', "it's", "größe", "名前", "<b>bold</b>", "a\\b", "{title}", "# %% role=app id=app", "%"],
)
def test_any_column_name_comes_through(tmp_path: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    path = tmp_path / "t.csv"
    path.write_text(f"{quoted},kind\n1,u\n2,v\n3,u\n")
    table = profile(path)
    found = fill(recipe("group-compare").manifest, f"compare `{name}` by kind", table)
    assert (found.values()["value"], found.values()["group"]) == (name, "kind")
    variables: dict[str, Any] = {}
    exec(slots_source(found, table), variables)  # noqa: S102  # literals
    assert variables["VALUE_COLUMN"] == name
    nb = instantiate(recipe("group-compare"), found, table, sentence="x")
    assert "no model was used" in nb.cells[-1]["source"]


def test_a_table_is_asked_for() -> None:
    with pytest.raises(BadRequest, match="needs a data file"):
        filling("chart-builder", "plot x against y")


@pytest.mark.parametrize("text", ["a,b\n", "a\n1\n2\n", "x\nu\nv\n", "a,b\n1,2\n", "a,b\n,\n,\n"])
@pytest.mark.parametrize("recipe_id", ["group-compare", "chart-builder", "table-explorer"])
def test_every_slot_has_a_value_in_any_table(tmp_path: Path, text: str, recipe_id: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    table = profile(path)
    manifest = recipe(recipe_id).manifest
    values = fill(manifest, "show it", table).values()
    assert set(values) == set(manifest.slots)
    names = {c.name for c in table.columns}
    assert all(v in names or v == "" for k, v in values.items() if manifest.slots[k].type == "column")
