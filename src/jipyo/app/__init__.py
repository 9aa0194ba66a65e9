"""The only room that knows all others: the server, and commands on its data without it."""

from jipyo.app.build_collect import list_own_jobs
from jipyo.app.offline import load_catalogue, open_workspace, read_workspace
from jipyo.app.server import serve

__all__ = ["list_own_jobs", "load_catalogue", "open_workspace", "read_workspace", "serve"]
