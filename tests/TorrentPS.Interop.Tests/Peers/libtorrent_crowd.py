#!/usr/bin/python3
"""Many libtorrent peers in one process, all downloading one torrent from one peer and from each other.

One JSON object as its argument: listen (a list of "IP:PORT"), folder (each peer's is a folder below), torrent (a path), connect ("IP:PORT").
Then JSON lines, out: {"complete": N, "downloaded": BYTES, "uploaded": BYTES} whenever that changed.
It ends when its input ends, so it never outlives the test that started it."""
import json
import os
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")
import libtorrent as lt  # noqa: E402


def start(config, number, listen):
    session = lt.session({
        "listen_interfaces": listen, "outgoing_interfaces": listen.rsplit(":", 1)[0],
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": False, "enable_outgoing_utp": False, "aio_threads": 1, "hashing_threads": 1,
        "allow_multiple_connections_per_ip": True, "min_reconnect_time": 1, "max_failcount": 10000, "alert_mask": int(lt.alert.category_t.storage_notification),
    })
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(config["torrent"])
    params.save_path = os.path.join(config["folder"], str(number))
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    params.flags |= lt.torrent_flags.override_trackers
    params.trackers = []
    os.makedirs(params.save_path, exist_ok=True)
    return session, session.add_torrent(params)


def main():
    config = json.loads(sys.argv[1])
    peers = [start(config, number, listen) for number, listen in enumerate(config["listen"])]
    host, port = config["connect"].rsplit(":", 1)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    last, due, flushing, flushed = None, 0, set(), set()
    while not ended.wait(0.1):
        statuses = [handle.status() for _, handle in peers]
        # What is dialled while it checks its files is forgotten.
        if time.monotonic() >= due:
            due = time.monotonic() + 0.5
            for (_, handle), status in zip(peers, statuses):
                if status.num_peers == 0 and not status.is_seeding:
                    handle.connect_peer((host, int(port)))
        # libtorrent is a seed once all hashes are right; its blocks may still be on their way to the disk.
        for number, (session, handle) in enumerate(peers):
            if any(isinstance(alert, lt.cache_flushed_alert) for alert in session.pop_alerts()) and number in flushing:
                flushed.add(number)
            if statuses[number].is_seeding and number not in flushing:
                flushing.add(number)
                handle.flush_cache()
        status = {"complete": len(flushed), "downloaded": sum(s.total_payload_download for s in statuses),
                  "uploaded": sum(s.total_payload_upload for s in statuses)}
        if status != last:
            last = status
            print(json.dumps(status), flush=True)
    # A session waits for its trackers when it is taken down in order: there is none, and nobody to wait for.
    os._exit(0)


main()
