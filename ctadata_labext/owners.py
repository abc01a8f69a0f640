"""Whose transfers and uploads a request is about, where a server has several users.

Jupyter's own identity providers know a token or a password, and who has it is the server's user;
the names that they give are those of browsers, and others after each login. Other providers, such
as a hub's, know people.
"""

from __future__ import annotations

from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
)
from jupyter_server.base.handlers import JupyterHandler

__all__ = ["has_servers_token", "may_have", "owner_of"]

_OF_ONE_USER = {IdentityProvider, PasswordIdentityProvider, LegacyIdentityProvider}


def has_servers_token(handler: JupyterHandler) -> bool:
    """Tell whether a request has the server's own token, which its owner alone knows."""
    provider = type(handler.identity_provider)
    usual = (
        provider.get_user in {IdentityProvider.get_user, LegacyIdentityProvider.get_user}
        and provider.get_user_token is IdentityProvider.get_user_token
    )
    # Others may call it a token what tells one user from another.
    return usual and handler.token_authenticated


def owner_of(handler: JupyterHandler) -> str | None:
    """Return who asks; None for the server's own user, who may have everything."""
    if type(handler.identity_provider) in _OF_ONE_USER or has_servers_token(handler):
        return None
    return str(handler.current_user.username)


def may_have(owner: str | None, made_by: str) -> bool:
    """Tell whether somebody may have what somebody has made.

    Parameters
    ----------
    owner : str or None
        As of `owner_of`.
    made_by : str
        A name; empty for the server's own user.
    """
    return owner is None or owner == made_by
