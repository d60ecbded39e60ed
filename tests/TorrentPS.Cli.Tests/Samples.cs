namespace TorrentPS.Cli.Tests;

internal static class Samples
{
    public static readonly TorrentDownload Download = new()
    {
        Name = "sample",
        InfoHash = "0123456789abcdef0123456789abcdef01234567",
        State = TorrentState.Downloading,
        Path = "/data/sample",
        Length = 4096,
        BytesWanted = 4096,
        BytesCompleted = 1024,
        Downloaded = 1100,
        Uploaded = 550,
        DownloadRate = 512,
        PeersConnected = 2,
        PeersSeen = 3,
        Elapsed = TimeSpan.FromMilliseconds(2500),
    };

    public static readonly TorrentPeer Peer = new()
    {
        Address = "192.0.2.1",
        Port = 6881,
        InfoHash = Download.InfoHash,
        TorrentName = "sample",
        Source = PeerSource.Tracker,
        Tracker = new Uri("http://tracker.example/announce?key=a b"),
    };

    public static readonly PeerHandshake Handshake = new()
    {
        Address = "2001:db8::1",
        Port = 6881,
        InfoHash = Download.InfoHash,
        Status = PeerHandshakeStatus.Succeeded,
        PeerId = "-qB4520-abcdefghijkl",
        Client = "qBittorrent 4.5.2",
        Latency = TimeSpan.FromMilliseconds(12.5),
    };
}
