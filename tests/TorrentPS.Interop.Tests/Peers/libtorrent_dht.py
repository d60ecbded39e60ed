#!/usr/bin/python3
"""Nodes of a private DHT, all of libtorrent's, in one process: its arguments are their addresses, IP:PORT, and the first is where the others get in.

Prints "ready" when all have found others. It ends when its input ends, so it never outlives the test that started it."""
import os
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")
import libtorrent as lt  # noqa: E402


def start(listen, entry):
    session = lt.session({
        "listen_interfaces": listen, "enable_dht": True, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "dht_bootstrap_nodes": entry, "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False, "dht_enforce_node_id": False,
        "dht_prefer_verified_node_ids": False, "dht_ignore_dark_internet": False, "alert_mask": 0,
    })
    host, port = entry.rsplit(":", 1)
    session.add_dht_node((host, int(port)))
    return session


def main():
    nodes = [start(listen, sys.argv[1]) for listen in sys.argv[1:]]
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    ready = False
    while not ended.wait(0.2):
        if not ready and all(node.status().dht_nodes > 1 for node in nodes):
            ready = True
            print("ready", flush=True)
    os._exit(0)


main()
