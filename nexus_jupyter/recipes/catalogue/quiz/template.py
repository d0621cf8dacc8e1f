# %% [markdown] role=doc id=title
# # {title}
#
# {description}

# %% role=setup id=choices
# slots

# %% role=setup id=load
# shared: load

# %% role=setup id=cards
import random

OPTIONS = 4
COMES_BACK = 3  # other questions between a wrong answer and the next try
LONGEST = 160  # letters of an answer on a button


def as_text(column):
    """Return a column as people write it: whole numbers without a point, dates without a time, nothing as nothing."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d")
    if pd.api.types.is_float_dtype(column):
        return column.map("{:.10g}".format, na_action="ignore").astype("string")
    return column.astype("string").str.strip()


def cards_of(question, answer):
    """Return the questions with all their right answers, in the order of the table; incomplete rows are left out."""
    rows = pd.DataFrame({"question": as_text(table[question]), "answer": as_text(table[answer])})
    rows = rows[rows.notna().all(axis=1) & (rows != "").all(axis=1)].drop_duplicates()
    return {name: part.tolist() for name, part in rows.groupby("question", sort=False)["answer"]}


def plain(text):
    """Return what counts of a typed answer: letters and digits, capitals ignored."""
    return "".join(c for c in text.casefold() if c.isalnum()) or text.strip()


def options_for(card, cards, draw):
    """Return one right answer among wrong ones from other questions, in any order."""
    right = cards[card]
    wrong = sorted({a for answers in cards.values() for a in answers} - set(right))
    options = [draw.choice(right), *draw.sample(wrong, min(OPTIONS - 1, len(wrong)))]
    draw.shuffle(options)
    return options


class Round:
    """One round: which questions are left, and which were right at the first try."""

    def __init__(self, cards, length, draw=None):
        names = list(cards)
        if draw:
            draw.shuffle(names)
        self.asked = names[:length]
        self.left = list(self.asked)
        self.right, self.missed = [], []

    def answer(self, is_right):
        """Take an answer to the first question left; a wrong one comes back after some others."""
        card = self.left.pop(0)
        if card not in [*self.right, *self.missed]:
            (self.right if is_right else self.missed).append(card)
        if not is_right:
            self.left.insert(COMES_BACK, card)


# %% role=app id=app
import html

import ipywidgets as widgets
from IPython.display import display

draw = random.Random()
columns = list(table.columns)
question = widgets.Dropdown(options=columns, value=QUESTION_COLUMN, description="Question")
answer = widgets.Dropdown(options=columns, value=ANSWER_COLUMN, description="Answer")
mode = widgets.ToggleButtons(
    options=["Multiple choice", "Flash cards", "Type the answer"],
    value=MODE,
    description="Answer by",
    layout=widgets.Layout(width="auto"),
)
length = widgets.BoundedIntText(value=max(1, LENGTH), min=1, max=1000, description="Questions in a round")
shuffle = widgets.Checkbox(value=True, description="In any order", indent=False)
settings = widgets.Accordion(
    children=[widgets.VBox([widgets.HBox([question, answer]), widgets.HBox([length, shuffle])])], titles=["Questions"]
)


def wide():
    return widgets.Layout(width="100%", max_width="560px")


score = widgets.HTML()
progress = widgets.IntProgress(layout=widgets.Layout(width="100%"))
prompt = widgets.HTML()
choices = [widgets.Button(layout=wide()) for _ in range(OPTIONS)]
typed = widgets.Text(
    description="Your answer", placeholder="type it and press Enter", continuous_update=False, layout=wide()
)
turn = widgets.Button(description="Show the answer", button_style="primary")
knew = widgets.Button(description="I knew it", button_style="success")
forgot = widgets.Button(description="Not yet", button_style="warning")
onward = widgets.Button(description="Next question", button_style="primary")
again = widgets.Button(description="Start again", button_style="primary")
again_missed = widgets.Button(description="Only the missed ones")
feedback = widgets.HTML()
state = {"cards": {}, "round": None}


def show(*visible):
    """Show these controls and no others."""
    for control in (*choices, typed, turn, knew, forgot, onward, again, again_missed):
        control.layout.display = None if control in visible else "none"


def say(text, is_good=None):
    """Say how it went; without colour alone."""
    mark = {True: "✓ ", False: "✗ ", None: ""}[is_good]
    feedback.value = f'<p role="status">{mark}{html.escape(text)}</p>' if text else ""


def one_of(answers):
    return " or ".join(answers)


def keep_score():
    now = state["round"]
    done = len(now.right) + len(now.missed)
    progress.max, progress.value = max(1, len(now.asked)), len(now.asked) - len(now.left)
    score.value = f"<p><strong>{len(now.right)} of {done}</strong> right at the first try · {len(now.left)} left</p>"


def ask():
    """Ask the next question, or end the round."""
    keep_score()
    now, cards = state["round"], state["cards"]
    if not now.left:
        return finish()
    card = now.left[0]
    prompt.value = f'<p style="font-size: 1.5em; margin: 8px 0; overflow-wrap: anywhere">{html.escape(card)}</p>'
    options = options_for(card, cards, draw)
    if mode.value == "Type the answer":
        typed.value = ""
        show(typed)
    elif mode.value == "Flash cards" or len(options) < 2:  # without a wrong answer there is nothing to choose from
        show(turn)
    else:
        for control, option in zip(choices, options):
            control.description = option if len(option) <= LONGEST else f"{option[:LONGEST]} …"
            control.tooltip, control.button_style = option, ""
        show(*choices[: len(options)])


def finish():
    """Show the result of the round, and what was missed."""
    now, cards = state["round"], state["cards"]
    share = round(100 * len(now.right) / len(now.asked))
    prompt.value = f'<p style="font-size: 1.5em; margin: 8px 0">Done: {share} % right at the first try.</p>'
    rows = "".join(
        f'<tr><td style="padding: 4px 24px 4px 0">{html.escape(c)}</td><td>{html.escape(one_of(cards[c]))}</td></tr>'
        for c in now.missed
    )
    feedback.value = f"<p>To look at again:</p><table>{rows}</table>" if rows else ""
    show(again, *([again_missed] if rows else []))


def right():
    """Go on at once: what was right needs no second look."""
    card = state["round"].left[0]
    say(f"Right: {card} – {one_of(state['cards'][card])}", True)
    state["round"].answer(True)
    ask()


def wrong(said):
    """Show the right answer; the question comes back."""
    card = state["round"].left[0]
    say(f"{said}It is {one_of(state['cards'][card])}. The question comes back.", False)
    state["round"].answer(False)
    keep_score()


def choose(button):
    """Take the answer on a button; after a wrong one the buttons say which was right."""
    if onward.layout.display is None:
        return
    answers = state["cards"][state["round"].left[0]]
    if button.tooltip in answers:
        right()
        return
    for control in choices:
        is_right = control.tooltip in answers
        control.button_style = "success" if is_right else "danger" if control is button else ""
        if control.button_style:
            control.description = f"{'✓' if is_right else '✗'} {control.description}"
    wrong("")
    show(*(c for c in choices if c.layout.display is None), onward)


def read_typed(_):
    if not typed.value.strip() or typed.layout.display == "none":
        return
    answers = state["cards"][state["round"].left[0]]
    if plain(typed.value) in {plain(a) for a in answers}:
        return right()
    wrong(f"“{typed.value.strip()}” is not right. ")
    show(onward)


def turn_card(_):
    card = state["round"].left[0]
    feedback.value = f'<p role="status" style="font-size: 1.3em">{html.escape(one_of(state["cards"][card]))}</p>'
    show(knew, forgot)


def judge(is_right):
    say("")
    state["round"].answer(is_right)
    ask()


def go_on(_):
    say("")
    ask()


def begin(_=None, only=None):
    """Start a round with the questions chosen."""
    cards = cards_of(question.value, answer.value)
    state["cards"] = cards
    asked = {c: cards[c] for c in only} if only else cards
    state["round"] = Round(asked, len(asked) if only else length.value, draw if shuffle.value else None)
    say("")
    if not cards:
        prompt.value = (
            f"<p>No questions: no row has both “{html.escape(question.value)}” and “{html.escape(answer.value)}”.</p>"
        )
        score.value, progress.max, progress.value = "", 1, 0
        return show()
    ask()


def begin_missed(_):
    begin(only=list(state["round"].missed))


for control in (question, answer, mode, length, shuffle):
    control.observe(begin, "value")
for control in choices:
    control.on_click(choose)
typed.observe(read_typed, "value")
turn.on_click(turn_card)
knew.on_click(lambda _: judge(True))
forgot.on_click(lambda _: judge(False))
onward.on_click(go_on)
again.on_click(begin)
again_missed.on_click(begin_missed)
begin()
is_sample = "DATA_FILE" not in globals()
label = widgets.HTML("<p><em>These are sample questions: add a table of your own.</em></p>" if is_sample else "")
label.layout.display = None if is_sample else "none"
buttons = widgets.HBox([turn, knew, forgot, onward, again, again_missed])
display(widgets.VBox([mode, settings, label, progress, score, prompt, *choices, typed, feedback, buttons]))

# %% [markdown] role=doc id=about
# shared: about
