"""How a student is made: four linear machines on pieces and meaning, judged in folds, blended."""
