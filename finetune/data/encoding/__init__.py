"""Examples as the model's token sequences, and what of them is learnt."""
