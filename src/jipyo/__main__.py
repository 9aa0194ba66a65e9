"""`python -m jipyo` is the `jipyo` command."""

from jipyo.cli import main

main()
