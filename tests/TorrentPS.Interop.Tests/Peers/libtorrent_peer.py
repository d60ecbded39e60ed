#!/usr/bin/python3
"""A libtorrent peer for the interop tests.

One JSON object as its argument: listen ("IP:PORT"), folder, torrent (a path) or magnet (a link), and up_limit, down_limit (bytes a second), trackers (bool),
encrypted (bool: RC4 or nothing), choking (bool: it unchokes nobody), utp (bool: uTP or nothing), pex and lsd (bool: peer exchange, local discovery), dht (a list of "IP:PORT" to enter a DHT by; empty for
its first node).
Then JSON lines, in: {"connect": "IP:PORT"}, {"up_limit": N}; out: the torrent's status whenever it changed.
It ends when its input ends, so it never outlives the test that started it."""
import json
import queue
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")
import libtorrent as lt  # noqa: E402


def start_session(config):
    encrypted = config.get("encrypted", False)
    policy = int(lt.enc_policy.pe_forced if encrypted else lt.enc_policy.pe_enabled)
    level = int(lt.enc_level.pe_rc4 if encrypted else lt.enc_level.pe_both)
    session = lt.session({
        "listen_interfaces": config["listen"],
        # Outgoing connections come from the peer's own address as well.
        "outgoing_interfaces": config["listen"].rsplit(":", 1)[0],
        "enable_dht": config.get("dht") is not None, "enable_lsd": config.get("lsd", False), "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": config.get("utp", False), "enable_outgoing_utp": config.get("utp", False),
        "enable_incoming_tcp": not config.get("utp", False), "enable_outgoing_tcp": not config.get("utp", False),
        "in_enc_policy": policy, "out_enc_policy": policy, "allowed_enc_level": level,
        # A private DHT: local nodes, whose ids need not fit their addresses, many at one address.
        "dht_bootstrap_nodes": ",".join(config.get("dht") or []), "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False,
        "dht_ignore_dark_internet": False, "dht_prefer_verified_node_ids": False, "dht_enforce_node_id": False, "dht_block_ratelimit": 1000,
        # Loopback: peers may share an address, trackers may be local, and who was not there yet is tried again soon.
        "allow_multiple_connections_per_ip": True, "ssrf_mitigation": False,
        "min_reconnect_time": 1, "max_failcount": 10000, "peer_connect_timeout": 5,
        "choking_algorithm": 0, "unchoke_slots_limit": 0 if config.get("choking", False) else -1,
        "upload_rate_limit": config.get("up_limit", 0), "download_rate_limit": config.get("down_limit", 0),
        "alert_mask": int(lt.alert.category_t.error_notification | lt.alert.category_t.storage_notification),
    })
    # Loopback peers belong to a class without limits; this puts all into the limited one.
    everyone = lt.ip_filter()
    everyone.add_rule("0.0.0.0", "255.255.255.255", 1)
    session.set_peer_class_filter(everyone)
    return session


def add_torrent(session, config):
    if "magnet" in config:
        params = lt.parse_magnet_uri(config["magnet"])
    else:
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(config["torrent"])
    params.save_path = config["folder"]
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if not config.get("pex", False):
        params.flags |= lt.torrent_flags.disable_pex
    if not config.get("trackers", False):
        params.flags |= lt.torrent_flags.override_trackers
        params.trackers = []
    return session.add_torrent(params)


def read_lines(lines):
    for line in sys.stdin:
        lines.put(json.loads(line))
    lines.put(None)


def status_of(handle, peers, flushed):
    status = handle.status()
    return {
        "state": str(status.state), "seeding": bool(status.is_seeding),
        "complete": bool(status.is_seeding) and (flushed or status.total_payload_download == 0), "done": status.total_wanted_done,
        "downloaded": status.total_payload_download, "uploaded": status.total_payload_upload,
        "peers": [f"{p.ip[0]}:{p.ip[1]}" for p in peers], "clients": [p.client.decode("utf-8", "replace") for p in peers],
        "encrypted": bool(peers) and all(p.flags & lt.peer_info.rc4_encrypted for p in peers),
        "utp": bool(peers) and all(p.flags & 0x20000 for p in peers),
        "error": status.errc.message() if status.errc.value() else None,
    }


def main():
    config = json.loads(sys.argv[1])
    session = start_session(config)
    handle = add_torrent(session, config)
    dht_due = time.monotonic() + 1
    lines, wanted, last, due = queue.Queue(), [], None, 0
    flushing, flushed = False, False
    threading.Thread(target=read_lines, args=(lines,), daemon=True).start()
    while True:
        try:
            command = lines.get(timeout=0.05)
            if command is None:
                break
            if "connect" in command:
                host, port = command["connect"].rsplit(":", 1)
                wanted.append((host, int(port)))
            if "up_limit" in command:
                session.apply_settings({"upload_rate_limit": command["up_limit"]})
        except queue.Empty:
            pass
        peers = [p for p in handle.get_peer_info() if not p.flags & (lt.peer_info.connecting | lt.peer_info.handshake)]
        status = status_of(handle, peers, flushed)
        # libtorrent is a seed once all hashes are right; its blocks may still be on their way to the disk.
        if status["seeding"] and not flushing:
            flushing = True
            handle.flush_cache()
        # What is dialled while it checks its files is forgotten.
        if time.monotonic() >= due and not status["state"].startswith("checking"):
            due = time.monotonic() + 0.5
            for endpoint in wanted:
                if endpoint not in [p.ip for p in peers]:
                    handle.connect_peer(endpoint)
        # What is added before there is a node would be looked up after 15 minutes.
        if config.get("dht") is not None and time.monotonic() >= dht_due:
            dht_due = time.monotonic() + 1
            handle.force_dht_announce()
        for alert in session.pop_alerts():
            if isinstance(alert, lt.cache_flushed_alert):
                flushed = flushing
            elif alert.category() & lt.alert.category_t.error_notification:
                print(alert.what(), alert.message(), file=sys.stderr, flush=True)
        if status != last:
            last = status
            print(json.dumps(status), flush=True)


main()
