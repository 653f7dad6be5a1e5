"""Text in, intents with calibrated confidences out: without services, database or network.

What a student is lies beside this file, what words mean in `meanings`. Then come, each on those
before it: `recipe`, `promoting`, `certifying`, `judging`, `estimation`.
"""
