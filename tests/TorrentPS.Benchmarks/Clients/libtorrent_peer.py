#!/usr/bin/python3
"""A libtorrent client with one torrent, to be measured or to be measured against.

One JSON object as its argument: listen ("IP:PORT"), folder, torrent (a path), encryption ("off", "prefer" or "require", which means RC4),
utp (uTP alone, rather than TCP alone), tuned (settings for a fast link rather than libtorrent's own), done (a file to make on completion, after which it ends; without it, it seeds).
Each line "connect IP:PORT" on its standard input is dialled until it is connected. It ends when its input does, so it outlives nobody."""
import json
import os
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")
import libtorrent as lt  # noqa: E402


def settings(config):
    policies = {"off": lt.enc_policy.pe_disabled, "prefer": lt.enc_policy.pe_enabled, "require": lt.enc_policy.pe_forced}
    required = config["encryption"] == "require"
    utp = config.get("utp", False)
    result = {
        "listen_interfaces": config["listen"], "outgoing_interfaces": config["listen"].rsplit(":", 1)[0],
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": utp, "enable_outgoing_utp": utp, "enable_incoming_tcp": not utp, "enable_outgoing_tcp": not utp,
        "in_enc_policy": int(policies[config["encryption"]]), "out_enc_policy": int(policies[config["encryption"]]),
        "allowed_enc_level": int(lt.enc_level.pe_rc4 if required else lt.enc_level.pe_both), "prefer_rc4": required,
        # Loopback: all peers and the tracker have local addresses, and whoever starts later is tried again at once.
        "allow_multiple_connections_per_ip": True, "ssrf_mitigation": False,
        "min_reconnect_time": 1, "max_failcount": 1000, "peer_connect_timeout": 5,
        "alert_mask": int(lt.alert.category_t.error_notification),
    }
    if config["tuned"]:
        result.update({
            # Everybody is served, with as much under way as memory allows.
            "choking_algorithm": 0, "unchoke_slots_limit": -1, "connections_limit": 500, "connection_speed": 200,
            "max_out_request_queue": 2000, "max_allowed_in_request_queue": 4000,
            "send_buffer_watermark": 8 << 20, "send_buffer_low_watermark": 1 << 20, "send_buffer_watermark_factor": 200,
            "max_queued_disk_bytes": 64 << 20, "aio_threads": 4, "hashing_threads": 1, "mixed_mode_algorithm": 0,
        })
    return result


def read_input(wanted):
    for line in sys.stdin:
        words = line.split()
        if len(words) == 2 and words[0] == "connect":
            host, port = words[1].rsplit(":", 1)
            wanted.append((host, int(port)))
    os._exit(0)


def dial(handle, wanted):
    connected = {p.ip[0] for p in handle.get_peer_info() if not p.flags & lt.peer_info.connecting}
    for endpoint in wanted:
        if endpoint[0] not in connected:
            handle.connect_peer(endpoint)


def main():
    config = json.loads(sys.argv[1])
    session = lt.session(settings(config))
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(config["torrent"])
    params.save_path = config["folder"]
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    params.flags |= lt.torrent_flags.disable_pex
    handle = session.add_torrent(params)
    wanted, dialled_at, is_ready, done = [], 0, False, config.get("done")
    threading.Thread(target=read_input, args=(wanted,), daemon=True).start()
    while True:
        status = handle.status()
        if status.errc.value():
            print(status.errc.message(), flush=True)
            os._exit(1)
        if done and status.is_seeding:
            open(done, "w").close()
            break
        # What is dialled while it checks its files is forgotten.
        checking = status.state in (lt.torrent_status.checking_files, lt.torrent_status.checking_resume_data)
        if not checking and not is_ready:
            is_ready = True
            print("ready", flush=True)
        if wanted and not checking and time.monotonic() >= dialled_at:
            dialled_at = time.monotonic() + 0.5
            dial(handle, wanted)
        for alert in session.pop_alerts():
            print(alert.what(), alert.message(), file=sys.stderr, flush=True)
        time.sleep(0.01 if done else 0.05)
    # Not done yet: what was received last may still be on its way to the disk.
    session.pause()
    del session
    os._exit(0)


main()
