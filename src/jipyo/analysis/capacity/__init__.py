"""At which request rate an objective breaks, from the hours that were seen in production."""
