using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>All targets. Each is created anew for each run, since some keep state between inputs.</summary>
internal static class FuzzTargets
{
    public static List<FuzzTarget> Create() =>
    [
        new BencodeTarget(), new TorrentTarget(), new PathTarget(), new MagnetTarget(), new HandshakeTarget(), new MessageTarget(), new ExtensionTarget(), new MetadataTarget(), new MetadataPeerTarget(), new PeerExchangeTarget(),
        new HttpTarget(), new WebSeedReplyTarget(), new TrackerReplyTarget(), new UdpReplyTarget(), new TrackerUdpTarget(), new TrackerHttpTarget(), new DhtTarget(), new DhtStateTarget(), new ResumeTarget(), new LocalAnnounceTarget(),
        new EncryptionTarget(), new UtpTarget(), new AddressListTarget(), new GatewayTarget(),
    ];

    /// <summary>A target by its name.</summary>
    public static FuzzTarget Create(string name) => Create().Single(target => target.Name == name);
}
