"""The key by which a client knows this server again."""

import os
import stat
from pathlib import Path

import asyncssh


class HostKeyError(Exception):
    """The host key can't be used: one line that says why."""


def host_key(path: Path) -> asyncssh.SSHKey:
    """The host key of this file, made at the first start, readable by its owner alone. Raises HostKeyError."""
    try:
        if not path.exists():
            key = asyncssh.generate_private_key("ssh-ed25519")
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
