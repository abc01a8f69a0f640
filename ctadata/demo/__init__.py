"""The demo (``ctadata demo``): JupyterLab with its own services and sample data.

::

    jupyterlab.py   starts the embedded service and JupyterLab
    sample_data.py  the storage, with files of sample_dl1.py (HDF5) and sample_dl3.py (FITS)
    authority.py    a throw-away certificate authority; voms_server.py: a VOMS server
"""
