"""What the form of a sentence tells, whatever it is about: patterns, and the cues of the recipes."""

from __future__ import annotations

import functools
import re

from nexus_jupyter.recipes.manifest import catalogue
from nexus_jupyter.recipes.words import stem, tokens

GLUE = frozenset({"by", "per", "over", "against", "vs", "versus", "between", "each", "every"})
COURSE = re.compile(
    r"\b(daily|weekly|monthly|quarterly|yearly|annual(ly)?|rolling|moving|resampl\w*|since|from \d{4}"
    r"|(over|across|through|throughout|with) (the |several |many )?(time|years?|months?|weeks?|days?|seasons?)"
    r"|(per|by|each|every)( \w+)? (day|week|month|quarter|year)|(day|week|month|quarter|year) (by|to|over) \w+|trends?"
    r"|how (did|has|have|does|do) .*(chang\w+|evolv\w+|develop\w*|gr[eo]w\w*|fluctuat\w+))\b"
)
CHART = re.compile(r"\b(chart|plot|graph|scatter\w*|draw|curve|area|bars?|dots?|points?)\b")
DRAWING = re.compile(
    r"\b(draw|paint|sketch)( me)? (an?|my|our|the|some) (?!.*\b(chart|plot|graph|line|bars?|histogram|scatter\w*|curve|diagram)\b)"
)
FUTURE = re.compile(r"\b(will|tomorrow|next (day|week|month|quarter|year))\b")
LOOKUP = re.compile(
    r"^(please )?(show|list|give|find|display|get|see|look up)\b.*\b(with|where|whose|having|containing|from|above|below)\b"
)
PLOTTED = re.compile(
    r"\b(plot\w*|visuali[sz]e|curve|graph|slid\w+|vary|varying|chang\w+|affects?|move|explore|interactive\w*)\b"
)
CLOSENESS = re.compile(r"\bhow (strong|close|tight|near)\w*")
EACH = re.compile(r"^\W*(\w+ ){1,3}(by|per|for each|in each|for every) \w+( \w+)?\W*$")
YEARS = frozenset({"date", "time", "year", "month", "week", "day", "quarter"})
COMPARATIVE = re.compile(
    r"\b(more|less|fewer|better|worse|(heavi|tall|long|short|larg|small|high|low|fast|slow|old|young|rich|poor|bigg|strong|weak|cheap)i?er)\b"
)
SUPERLATIVE = re.compile(
    r"\b(most|least|best|worst|more|less|fewer|(?!interest|latest|request|forest)\w{3,}est|\w{3,}er than)\b"
)

APART = re.compile(
    r"\b((no|without|ignore|ignoring|forget|never mind|forget about|leave|unrelated to|not about|independent of|skip) "
    r"(the |any |my |this |a )?(table|file|data|dataset|spreadsheet)( (is )?(needed|required|necessary|aside|alone|out))?"
    r"(?! (rows?|columns?|types?|points?|with|where|that|which)\b))[,:;. ]*",
    re.I,
)  # what says that the attached table is not meant
HOW_TO = re.compile(
    r"^(how (do|can|could|should|would) (i|you|we|one)\b|how to\b|(can|could) you (tell|teach|explain)|why\b)"
    r"|\b(in|with|using) (excel|google sheets|sheets|python|pandas|r|matlab|sql|tableau|power ?bi|spss|sap)\b"
)
WHAT_IS = re.compile(
    r"^(what|who)('s| is| are| was| were| does| do)\b (an? |the )?[\w-]+( [\w-]+)?( mean| stand for)?[ ?.]*$"
)
CODE = re.compile(
    r"\bselect\b.+\bfrom\b|^(select|update|insert into|delete from|create table|import|from \w+ import|def)\b"
    r"|\w\.\w+\(|\w+\[['\"]"
)
TWO_TABLES = re.compile(
    r"\b(this|the|my|our|these|those|it) ?(table|file|list|data|sheet)? ?(with|to|against) (the |an?|my |our )?"
    r"(other|another|second|last|previous|older|yesterday|table|file|list|one of|version)\b"
    r"|\b(second|other|another|two|both) (table|file|spreadsheet|csv|data ?set)s?\b"
)


@functools.cache
def cues(recipe_id: str) -> tuple[str, ...]:
    """Return the words that ask for one recipe by themselves, as stems."""
    # "weekly" is no stem of "week": an adverb counts only as it is typed.
    found = catalogue()[recipe_id].manifest.cues
    return tuple(cue if cue.endswith("ly") else " ".join(stem(t) for t in tokens(cue)) for cue in found)
