"""JupyterLab as galata wants it: no token, no XSRF check, its helpers in the page."""

from jupyterlab.galata import configure_jupyter_server

configure_jupyter_server(c)  # noqa: F821
