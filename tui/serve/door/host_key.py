"""The keys by which a client knows this server again: Ed25519, and RSA for clients that know nothing else."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import asyncssh


class HostKeyError(Exception):
    """The host key can't be used: one line that says why."""


RSA = "_rsa"
"""What the name of the second key's file ends in."""

RSA_BITS = 3072


def host_keys(path: Path) -> list[asyncssh.SSHKey]:
    """The host keys, made at the first start beside each other. Raises HostKeyError.

    If there is only the first, no second one is made: several servers may be given the same one.
    """
    second = path.with_name(path.name + RSA)
    is_first_start = not path.exists()
    keys = [_host_key(path, lambda: asyncssh.generate_private_key("ssh-ed25519"))]
    if is_first_start or second.exists():
        keys.append(_host_key(second, lambda: asyncssh.generate_private_key("ssh-rsa", key_size=RSA_BITS)))
    return keys


def _host_key(path: Path, make: Callable[[], asyncssh.SSHKey]) -> asyncssh.SSHKey:
    """The key of a file, readable by its owner alone."""
    try:
        if not path.exists():
            key = make()
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key.export_private_key())
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise HostKeyError(f"{path}: others can read this host key (mode {mode:04o}); chmod 600 it")
        return asyncssh.read_private_key(str(path))
    except OSError as error:
        raise HostKeyError(f"{path}: the host key can't be used: {error.strerror}") from None
    except asyncssh.KeyImportError as error:
        raise HostKeyError(f"{path}: is not a private key: {error}") from None
