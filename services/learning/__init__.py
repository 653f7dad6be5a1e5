"""Pure machine learning: text in, intents with calibrated confidences out."""
