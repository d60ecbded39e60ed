// npm's bittorrent-tracker for the interop tests: node tracker.js IP PORT INTERVAL-SECONDS.
// Writes a JSON line for each announce, and ends when its input ends, so it never outlives the test that started it.
import { Server } from 'bittorrent-tracker'

const [, , ip, port, interval] = process.argv
const server = new Server({ ws: false, interval: Number(interval) * 1000 })
const say = line => process.stdout.write(JSON.stringify(line) + '\n')

for (const event of ['start', 'update', 'complete', 'stop']) {
  server.on(event, (peer, announce) => say({
    event,
    peer,
    infoHash: announce.info_hash,
    left: announce.left,
    downloaded: announce.downloaded,
    uploaded: announce.uploaded,
    compact: announce.compact,
    numwant: announce.numwant
  }))
}
server.on('error', error => { say({ event: 'error', message: String(error) }); process.exit(1) })
server.on('warning', error => say({ event: 'warning', message: String(error) }))
process.stdin.on('end', () => process.exit(0)).resume()
// By name: a plain address leaves UDP on every one.
server.listen(Number(port), { http: ip, udp: ip, udp6: '::1' }, () => say({ event: 'listening' }))
