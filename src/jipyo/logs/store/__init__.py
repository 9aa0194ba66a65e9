"""Log records on disk: blocks of one service in order of time, in segments."""
