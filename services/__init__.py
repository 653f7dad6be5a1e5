"""The services of Aprendiz, the frame they stand in, and the command that runs them."""
