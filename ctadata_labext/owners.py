"""Which transfers and uploads belong to a request's user, where a server has several users.

Jupyter's own identity providers check a token or a password: whoever has it is the server's user,
and the user names they make up change with each login. Other providers, such as a hub's, know real
users.
"""

from __future__ import annotations

from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
)
from jupyter_server.base.handlers import JupyterHandler

__all__ = ["has_servers_token", "may_access", "owner_of"]

_OF_ONE_USER = {IdentityProvider, PasswordIdentityProvider, LegacyIdentityProvider}


def has_servers_token(handler: JupyterHandler) -> bool:
    """Whether a request has the server's own token, which only its owner knows."""
    provider = type(handler.identity_provider)
    usual = (
        provider.get_user in {IdentityProvider.get_user, LegacyIdentityProvider.get_user}
        and provider.get_user_token is IdentityProvider.get_user_token
    )
    # With other providers each user may have a token.
    return usual and handler.token_authenticated


def owner_of(handler: JupyterHandler) -> str | None:
    """Return the request's user; None for the server's owner, who may access everything."""
    if type(handler.identity_provider) in _OF_ONE_USER or has_servers_token(handler):
        return None
    return str(handler.current_user.username)


def may_access(owner: str | None, made_by: str) -> bool:
    """Whether a user may access what `made_by` has made (empty: the server's owner)."""
    return owner is None or owner == made_by
