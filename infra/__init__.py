"""What Aprendiz runs on: private servers, compose files, broker definitions."""
