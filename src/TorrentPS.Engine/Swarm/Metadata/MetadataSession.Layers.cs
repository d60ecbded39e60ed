using System.Globalization;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <content>
/// The piece layers of a version 2 or hybrid torrent, which its .torrent has beside the metadata (BEP 52). They are asked for when the metadata is there and
/// nobody goes on with a download, which gets them with the data. What cannot be had in a while is done without.
/// </content>
internal sealed partial class MetadataSession
{
    /// <summary>After so long without any hash there are none.</summary>
    private const double NoHashesSeconds = 20;

    /// <summary>And of a hybrid torrent, whose other half is whole without, when no peer of version 2 is there that could be asked.</summary>
    private const double NoVersion2Seconds = 5;

    private Torrent? _whole;
    private PieceLayers? _layersFound;
    private WireHashes? _dialled; // what peers are called by, once more is known than the link says
    private long _layersLength;

    public LayerFetch? Layers { get; private set; }

    /// <summary>How much of all that is to be got is there, 0 to 1.</summary>
    private double Share => Layers is not { Total: > 0 } layers ? Fetch.Progress
        : (_whole!.InfoBytes.Length + (1 - (double)layers.Wanted.Length / layers.Total) * _layersLength) / (_whole.InfoBytes.Length + _layersLength);

    /// <summary>The metadata is there and right: whatever comes of it is no fault of the peer that sent the last of it.</summary>
    private void Arrived(byte[] metadata)
    {
        try
        {
            _whole = Torrent.ParseInfo(metadata, _link);
            if (_handsOver || _whole.PieceRoots is null)
                _end.TrySetResult(_whole);
            else
                BeginLayers(_whole);
        }
        catch (TorrentException e)
        {
            _end.TrySetException(e);
        }
        catch (Exception e)
        {
            Faulted(e);
        }
    }

    private void BeginLayers(Torrent torrent)
    {
        _layersFound = new PieceLayers(torrent);
        for (int file = 0; file < torrent.Files.Count; file++)
        {
            if (!torrent.Files[file].IsPadding && _layersFound.PiecesIn(file) is > 1 and var pieces)
                _layersLength += (long)pieces * Merkle.HashLength + Merkle.HashLength;
        }

        if (torrent.ToBytes().Length + _layersLength > MetainfoLimits.TorrentBytes)
        {
            DoWithout($"they have {_layersLength} bytes, more than a .torrent may have");
            return;
        }

        Layers = new LayerFetch(torrent, _layersFound, new HashProofs(torrent, _layersFound), _ => true);
        (_lastShare, _lastProgressAt) = (Share, Now);
        if (WireHashes.V2.IsEmpty && !Layers.IsDone && !DialAgain(torrent))
            DoWithout("no peer of version 2 is connected");
        else
            AskForHashes();
    }

    /// <summary>
    /// By the v1 hash alone nobody could be asked for hashes. Now that both are known, those who said that they speak version 2 are called again; false when there
    /// are none.
    /// </summary>
    private bool DialAgain(Torrent torrent)
    {
        _dialled = new WireHashes(torrent.InfoHash);
        bool any = false;
        foreach (MetadataPeer peer in Peers)
            any |= peer.Handshake.SupportsV2 && _roster.DialAnew(peer);
        return any;
    }

    private void AskForHashes()
    {
        if (Layers is not { } layers)
            return;
        foreach (MetadataPeer peer in Peers)
            peer.AskForHashesSafely();
        if (layers.IsDone && !_end.Task.IsCompleted)
            _end.TrySetResult(Torrent.ParseInfo(_whole!.InfoBytes, _link, _layersFound!.ToBytes()));
    }

    /// <summary>Looks at the clock.</summary>
    private void TickLayers(double now)
    {
        AskForHashes();
        bool any = Array.Exists(Peers, peer => peer.IsV2);
        double limit = any || _whole!.Version == TorrentVersion.V2 ? NoHashesSeconds : NoVersion2Seconds;
        if (now - _lastProgressAt >= limit)
            DoWithout(any ? string.Create(CultureInfo.InvariantCulture, $"no peer sent more of them for {limit:0} s") : "no peer of version 2 is connected");
    }

    /// <summary>The torrent is what there is: one that others may have to ask peers about, too, before they can verify it by version 2.</summary>
    private void DoWithout(string why)
    {
        string message = $"The piece layers of '{_whole!.Name}' were not received: {why}. Its .torrent does not contain them; clients get them from peers"
            + (_whole.Version == TorrentVersion.Hybrid ? ", or use version 1." : ", and some programs may refuse it.");
        Log(message);
        if (_end.TrySetResult(_whole))
            _options.OnWarning?.Invoke(message);
    }

    /// <inheritdoc/>
    public void HashesWrong(MetadataPeer peer) => _roster.Ban(peer, "hashes that do not lead to their root");
}
