"""How a student is made: two linear machines on counted pieces, judged in folds, blended."""
