"""How a student is made: three linear machines on pieces and meaning, judged in folds, blended."""
