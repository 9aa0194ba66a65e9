"""`/api/jipyo`: what the dashboard reads."""
