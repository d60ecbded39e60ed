using System.Net.Sockets;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>An announce of either protocol; it points into the received bytes.</summary>
internal ref struct TrackerAnnounce
{
    /// <summary>20 bytes.</summary>
    public ReadOnlySpan<byte> InfoHash { get; set; }

    /// <summary>20 bytes.</summary>
    public ReadOnlySpan<byte> PeerId { get; set; }

    /// <summary>The address at which others reach the client.</summary>
    public PeerKey Key { get; set; }

    public long Uploaded { get; set; }

    public long Downloaded { get; set; }

    /// <summary>Null if not given.</summary>
    public long? Left { get; set; }

    public AnnounceEvent Event { get; set; }

    /// <summary>Null if not given.</summary>
    public int? NumWant { get; set; }

    public bool IsCompact { get; set; }

    public bool NoPeerId { get; set; }

    public bool IsUdp { get; set; }

    /// <summary>The client can use only peers of this family.</summary>
    public AddressFamily Family { get; set; }

    /// <summary>The path and query as received.</summary>
    public ReadOnlySpan<byte> Target { get; set; }

    public readonly bool IsSeeder => Left == 0;

    public readonly TrackerRequest ToRequest() => new()
    {
        InfoHash = Metainfo.InfoHash.Create(InfoHash),
        PeerId = PeerId.ToArray(),
        EndPoint = Key.EndPoint,
        Uploaded = Uploaded,
        Downloaded = Downloaded,
        Left = Left,
        Event = Event,
        NumWant = NumWant,
        IsCompact = IsCompact,
        NoPeerId = NoPeerId,
        IsUdp = IsUdp,
        Target = System.Text.Encoding.Latin1.GetString(Target),
    };
}
