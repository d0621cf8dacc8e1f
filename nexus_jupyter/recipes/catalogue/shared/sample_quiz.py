import pandas as pd

# A sample. Put your own questions here, or make the app anew with a table of them.
table = pd.DataFrame(
    [
        ("Which planet is closest to the sun?", "Mercury"),
        ("What is the capital of Australia?", "Canberra"),
        ("Which gas do plants take in from the air?", "Carbon dioxide"),
        ("How many sides does a hexagon have?", "Six"),
        ("Who painted the Mona Lisa?", "Leonardo da Vinci"),
        ("What is the chemical symbol of gold?", "Au"),
        ("Which ocean is the largest?", "Pacific"),
        ("In which year did people first walk on the moon?", "1969"),
        ("What is the square root of 144?", "Twelve"),
        ("Which language is spoken in Brazil?", "Portuguese"),
        ("What is the hardest natural substance?", "Diamond"),
        ("Which organ pumps blood through the body?", "Heart"),
    ],
    columns=["question", "answer"],
)
