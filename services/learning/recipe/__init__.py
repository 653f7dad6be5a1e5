"""How a student is made: three linear machines on counted pieces and on meaning, judged in folds, blended."""
