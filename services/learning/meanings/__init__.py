"""What words mean, so that `cuánto sale` is near `qué precio tiene` before any row has said so."""
