"""Tables in passages: where the row and the column that a question names meet."""
