# SPDX-License-Identifier: MIT
"""Ports for servers of others, which have to be told one."""

import random
import socket


def free_port(host=""):
    """A port of that address, or of all, on which nobody listens now; one that
    the kernel gives to nobody who asks for any."""
    while True:
        port = random.randrange(10000, 20000)
        with socket.socket() as s:
            try:
                s.bind((host, port))
            except OSError:
                continue
        return port
