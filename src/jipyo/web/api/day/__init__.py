"""`/api/jipyo/overview/day`: what the overview shows below its verdict."""
